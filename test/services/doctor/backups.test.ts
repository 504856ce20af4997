/** What `doctor` says of backups whose moment or place cannot be true. */
import { rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { writeSetting } from '../../../src/data/settings/rows.ts';
import { examineBackups } from '../../../src/services/doctor/backups.ts';
import { backupFolder } from '../../backup/scene.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

/** A proven backup with a file of one byte, begun so long ago. */
async function insert({ db }: TestDatabase, folder: string, ago: string, name: string) {
  writeFileSync(join(folder, name), 'x');
  await sql`
    INSERT INTO engine.backups (began_at, ended_at, taken_at, outcome, target, folder, file_name, host, encrypted, bytes, sha256, server_version, tables, rows, left_out, proven_at, requested_by)
    SELECT at, at, at, 'success', 'folder', ${folder}, ${name}, ${hostname()}, false, 1, repeat('0', 64), '18.4', 1, 1, 0, at, 'ann'
    FROM (SELECT engine.now() - ${ago}::interval AS at) AS begun`.execute(db);
}

test('one of the future is not the newest one', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await insert(database, folder, '-400 days', 'of-the-future');
  expect(await examineBackups(database.db)).toMatchObject({ status: 'warn' });
  await insert(database, folder, '50 hours', 'old');
  expect(await examineBackups(database.db)).toMatchObject({
    status: 'fail',
    detail: 'the newest one is 50 hours old',
  });
  await insert(database, folder, '2 hours', 'new');
  expect(await examineBackups(database.db)).toMatchObject({ status: 'ok' });
});

test('a file or a folder that is gone is told', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await writeSetting(database.db, { key: 'backup_folder', value: folder, by: 'ann' });
  await insert(database, folder, '2 hours', 'new');
  expect(await examineBackups(database.db)).toMatchObject({ status: 'ok' });
  rmSync(join(folder, 'new'));
  expect(await examineBackups(database.db)).toMatchObject({
    status: 'fail',
    detail: `the file of the newest one is gone: ${join(folder, 'new')}`,
  });
  rmSync(folder, { recursive: true });
  const said = () => examineBackups(database.db);
  // Which host has to have it is only known while a worker is alive.
  expect(await said()).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('there is no such directory on this host'),
  });
});

test('files of earlier ones that are not there are told, as where the disk is not mounted', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await writeSetting(database.db, { key: 'backup_folder', value: folder, by: 'ann' });
  for (const [ago, name] of [
    ['50 hours', 'oldest'],
    ['26 hours', 'older'],
    ['2 hours', 'new'],
  ] as const)
    await insert(database, folder, ago, name);
  expect(await examineBackups(database.db)).toMatchObject({ status: 'ok' });
  for (const name of ['oldest', 'older']) rmSync(join(folder, name));
  expect(await examineBackups(database.db)).toMatchObject({
    status: 'warn',
    detail: `the files of 2 that should be in ${folder} are not there`,
  });
});
