/** `doctor --fix`: it asks, repairs what harms nothing, and leaves the rest to a person. */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { hiddenFrom } from '../../src/database/rights/refuse-hidden-rows.ts';
import { connect } from '../../src/database/connect.ts';
import { examineSettingsFile } from '../../src/services/doctor/settings-file.ts';
import { newCopy, removeCopy } from '../support/copies.ts';
import { testDatabase } from '../support/database.ts';
import { onTestFinished } from 'vitest';
import { hasTerminal, inTerminal } from '../support/terminal.ts';
import { roundsman, start } from './command.ts';

/** A table with row level security that no policy of Roundsman's opens, with a row. */
async function withHiddenTable() {
  const { db, url } = await testDatabase();
  await sql
    .raw(`CREATE TABLE orders (id int); ALTER TABLE orders ENABLE ROW LEVEL SECURITY; INSERT INTO orders VALUES (1);
          GRANT SELECT ON orders TO roundsman_reader`)
    .execute(db);
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  return { url, hidden: () => hiddenFrom(reader, db) };
}

test('rows that are hidden from checks are shown to them, with --yes, and without a terminal only so', async () => {
  const { url, hidden } = await withHiddenTable();
  const named = await roundsman(url, 'doctor');
  expect(named.out).toMatch(/^fail +Checks .*orders/m);
  expect(named.out).toContain('npx roundsman doctor --fix');
  const refused = await roundsman(url, 'doctor', '--fix');
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await hidden()).toEqual(['orders']);
  const fixed = await start(url, ['doctor', '--fix', '--yes', '--json']).ended;
  expect(JSON.parse(fixed.out)).toContainEqual(
    expect.objectContaining({
      subject: 'Checks',
      status: 'fail',
      fix: { what: expect.stringContaining('let_checks_read'), done: expect.any(String) },
    }),
  );
  expect(await hidden()).toEqual([]);
  const after = await roundsman(url, 'doctor', '--fix');
  expect(after.out).not.toMatch(/^fail +Checks/m);
  expect(after.err).toContain('nothing of this can be repaired');
}, 240_000);

test.skipIf(!hasTerminal)(
  'in a terminal a no leaves everything as it is, and a yes repairs it',
  async () => {
    const { url, hidden } = await withHiddenTable();
    await inTerminal(url, ['doctor', '--fix'], [['Do it?', 'n\r']]);
    expect(await hidden()).toEqual(['orders']);
    await inTerminal(url, ['doctor', '--fix'], [['Do it?', 'y\r']]);
    expect(await hidden()).toEqual([]);
  },
  240_000,
);

test('a .env that others may read is named, and then its owner alone may', async () => {
  const directory = newCopy();
  onTestFinished(() => removeCopy(directory));
  mkdirSync(directory, { recursive: true });
  const file = join(directory, '.env');
  expect(examineSettingsFile(file)).toEqual([]);
  writeFileSync(file, 'A=1\n');
  chmodSync(file, 0o644);
  const [found] = examineSettingsFile(file);
  expect(found).toMatchObject({ subject: 'Files', status: 'warn', hint: `chmod 600 ${file}` });
  await found!.fix!.apply();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(examineSettingsFile(file)).toEqual([]);
});
