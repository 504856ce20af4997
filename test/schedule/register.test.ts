/** What a bot of the catalogue says about itself becomes its row, once. */
import { expect, test } from 'vitest';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { testDatabase } from '../support/database.ts';

test('a bot is registered with the counts that it names, and otherwise with one', async () => {
  const { db } = await testDatabase();
  const own = aBot('a-plain', async () => clean('x'));
  const careful = {
    ...aBot('b-careful', async () => clean('x')),
    timeoutSeconds: 90,
    confirm: 3,
    clear: 2,
  };
  const registered = () =>
    db
      .selectFrom('bots')
      .select(['name', 'timeout_seconds', 'confirm', 'clear'])
      .orderBy('name')
      .execute();
  await registerCatalogue(db, catalogue([own, careful]));
  expect(await registered()).toEqual([
    { name: 'a-plain', timeout_seconds: 60, confirm: 1, clear: 1 },
    { name: 'b-careful', timeout_seconds: 90, confirm: 3, clear: 2 },
  ]);
  // What an admin has set stays when the next process starts.
  await db
    .updateTable('bots')
    .set({ confirm: 5, clear: 4 })
    .where('name', '=', 'b-careful')
    .execute();
  await registerCatalogue(db, catalogue([own, careful]));
  expect((await registered())[1]).toMatchObject({ confirm: 5, clear: 4 });
});
