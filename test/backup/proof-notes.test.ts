/** What is noted of a proof: only what says something about the backup. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NoProofServerError } from '../../src/backup/restore/prove.ts';
import { openSnapshot } from '../../src/backup/read/snapshot.ts';
import { readBackup } from '../../src/data/backups/rows.ts';
import { ProofBrokenOffError, verifyBackup } from '../../src/services/backups/verify.ts';
import { examineBackups } from '../../src/services/doctor/backups.ts';
import { changeSetting } from '../../src/services/settings/change.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { actor, backupFolder, take } from './scene.ts';

const installed = vi.hoisted(() => ({ is: true }));
vi.mock('../../src/database/embedded/binaries.ts', async (original) => ({
  ...(await original<typeof import('../../src/database/embedded/binaries.ts')>()),
  hasBinaries: () => installed.is,
}));

const { signal } = new AbortController();

/** A backup that was proven, and ways to verify it again. */
async function provenBackup() {
  const database = await testDatabase();
  const { id, file } = await take(database, backupFolder());
  const verify = (request: { id?: string; scratch?: string }) =>
    verifyBackup({ ...database, actor }, { file: file!, signal, ...request });
  await verify({ scratch: (await emptyDatabase()).url });
  const noted = async () => {
    const row = await readBackup(database.db, id);
    return { proven: row!.proven_at !== null, error: row!.proof_error };
  };
  expect(await noted()).toEqual({ proven: true, error: null });
  return { database, id, file: file!, verify, noted };
}

test('a missing directory, a server that is away and a right that is missing leave an earlier proof as it is; damage does not', async () => {
  const { database, id, file, verify, noted } = await provenBackup();
  vi.stubEnv('TMPDIR', '/nowhere/at/all');
  await expect(verify({ id })).rejects.toThrow(ProofBrokenOffError);
  await expect(verify({ id })).rejects.toThrow('what was known of the backup stays');
  vi.unstubAllEnvs();
  await expect(verify({ id, scratch: 'postgres://nobody@127.0.0.1:1/none' })).rejects.toThrow();
  expect(await noted()).toEqual({ proven: true, error: null });

  const [weak, scratch] = [`weak_${database.name}`, await emptyDatabase()];
  await administer(scratch.url, `CREATE ROLE ${weak} LOGIN PASSWORD 'weak'`);
  onTestFinished(() => administer(scratch.url, `DROP ROLE ${weak}`));
  const login = Object.assign(new URL(scratch.url), { username: weak, password: 'weak' });
  await expect(verify({ id, scratch: login.href })).rejects.toThrow(ProofBrokenOffError);
  expect(await noted()).toEqual({ proven: true, error: null });

  const torn = 'the backup cannot be read as it was written';
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  // Given by its path, it is known all the same.
  await expect(verify({ scratch: (await emptyDatabase()).url })).rejects.toThrow(torn);
  expect(await noted()).toEqual({ proven: true, error: expect.stringContaining(torn) });
});

test('where no server for a proof can be had, the setting, doctor and the backup say so, and the backup is kept as unproven', async () => {
  const database: TestDatabase = await testDatabase();
  const folder = backupFolder();
  const missing = expect.stringContaining(
    'which brings a PostgreSQL for the copy, is not installed',
  );
  installed.is = false;
  onTestFinished(() => void (installed.is = true));
  const { unproven } = await changeSetting(
    { ...database, actor },
    { name: 'backup_folder', value: folder },
  );
  expect(unproven).toMatchObject({ why: missing, hint: expect.stringContaining('--scratch') });
  expect(await examineBackups(database.db)).toMatchObject({ status: 'warn', detail: missing });
  const taken = await take(database, folder, { prove: true });
  expect(taken).toMatchObject({ proven: false, unproven: missing });
  expect(await readBackup(database.db, taken.id)).toMatchObject({
    outcome: 'success',
    proven_at: null,
    proof_failed_at: null,
  });
  expect(await examineBackups(database.db)).toMatchObject({ status: 'warn', detail: missing });
  await expect(verifyBackup({ ...database, actor }, { file: taken.file!, signal })).rejects.toThrow(
    NoProofServerError,
  );
});

test('why a backup failed is said also where its row cannot be ended', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no ending'; END $$`,
    'CREATE TRIGGER refuse BEFORE UPDATE ON engine.backups FOR EACH ROW EXECUTE FUNCTION public.refuse()',
  );
  const target = { command: 'cat >/dev/null; exit 7' };
  await expect(take(database, '', { target })).rejects.toThrow(/exit code 7/);
});

test('a backup waits for a migration as long as that takes', async () => {
  const { url } = await testDatabase();
  const snapshot = await openSnapshot(url);
  onTestFinished(() => snapshot.end());
  for (const client of [snapshot.client, await snapshot.another()])
    expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
});
