/** A library that cannot be loaded is explained with the setting that names it, also where no role or database sets it. */
import { expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { explainUnloadable } from '../../src/database/explain-unloadable.ts';
import { testDatabase } from '../support/database.ts';

test.each([
  ['local_preload_libraries', '/nowhere/library', 'access to library'],
  ['local_preload_libraries', 'nowhere', 'could not access file'],
  ['session_preload_libraries', '/nowhere/library', 'could not access file'],
])('%s = %s', async (name, library, refusal) => {
  const url = new URL((await testDatabase()).url);
  url.searchParams.set('options', `-c ${name}=${library}`);
  const db = connect(url.href, { name: 'roundsman', max: 1 });
  const error = await db
    .selectFrom('bots')
    .select('id')
    .execute()
    .catch((reason: unknown) => reason);
  await db.destroy();
  expect(String(error)).toContain(refusal);
  const explanation = await explainUnloadable(url.href, error);
  expect(explanation?.why).toContain(`${name} names it`);
  expect(explanation?.hint).toContain(` RESET ${name} `);
});
