/** A process that makes a backup is killed at each step: what it leaves is removed or taken over by the next one, and the rows say so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { beginBackup } from '../../src/transitions/backups/begin.ts';
import { connectAlone } from '../../src/database/connect.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, backupsIn, take } from './scene.ts';

const command = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const lock = 7_260_001;

const rowsOf = ({ db }: TestDatabase) =>
  db.selectFrom('engine.backups').selectAll().orderBy('began_at').execute();

/** Whether a session waits for the lock that the step waits for. */
const isAtStep = async ({ db }: TestDatabase): Promise<boolean> => {
  const { rows } = await sql`
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock} AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(db);
  return rows.length > 0;
};

/** Starts a backup, kills it when it waits at the step, and has the server take back what it was about to write. */
async function killAt(database: TestDatabase, folder: string, step: string): Promise<void> {
  const { db, url } = database;
  await administer(
    url,
    `CREATE OR REPLACE FUNCTION public.wait_at_step() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN PERFORM pg_advisory_xact_lock(${lock}); RETURN NEW; END $$`,
    `CREATE TRIGGER wait_at_step BEFORE INSERT OR UPDATE ON engine.backups FOR EACH ROW WHEN (${step}) EXECUTE FUNCTION public.wait_at_step()`,
  );
  const holder = await connectAlone(url, { name: 'roundsman test' });
  await holder.query('SELECT pg_advisory_lock($1)', [lock]);
  const child = spawn(
    process.execPath,
    [command, 'db', 'backup', '--to-folder', folder, '--no-proof'],
    { env: { ...process.env, DATABASE_URL: url }, stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  await expect.poll(() => isAtStep(database), { timeout: 60_000 }).toBe(true);
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  await sql`
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objid = ${lock} AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(db);
  await expect.poll(() => isAtStep(database)).toBe(false);
  await holder.end();
  await administer(url, 'DROP TRIGGER wait_at_step ON engine.backups');
}

test('killed when all is on the disk under its temporary name: the next one removes it', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await killAt(database, folder, `NEW.outcome = 'running' AND NEW.sha256 IS NOT NULL`);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\..*\.partial$/)]);
  await take(database, folder);
  expect(readdirSync(folder)).toEqual(backupsIn(folder));
  expect(await rowsOf(database)).toMatchObject([
    { outcome: 'lost', removed_at: expect.any(Date) },
    { outcome: 'success', file_name: backupsIn(folder)[0] },
  ]);
});

test('killed between the note in its row and the name of its file: the next one removes it', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  const { id } = await beginBackup(database.db, {
    folder,
    host: hostname(),
    encrypted: false,
    by: 'ann',
  });
  const name = `platform-20261201T000000Z-${id.slice(0, 8)}.tar.zst`;
  const script = fileURLToPath(new URL('kill-before-name.ts', import.meta.url));
  const child = spawn(process.execPath, [script, database.url, folder, id, name, 'content'], {
    stdio: 'inherit',
  });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(readdirSync(folder)).toEqual([`.${name}.partial`]);
  expect(await rowsOf(database)).toMatchObject([{ outcome: 'running', file_name: name }]);
  await take(database, folder);
  expect(readdirSync(folder)).toEqual(backupsIn(folder));
  expect(backupsIn(folder)).not.toContain(name);
  expect((await rowsOf(database))[0]).toMatchObject({
    outcome: 'lost',
    removed_at: expect.any(Date),
  });
});

test('killed when the file has its name and the row does not say so: the next one takes it over, and retention removes it', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await killAt(database, folder, `NEW.outcome = 'success'`);
  const [left] = backupsIn(folder) as [string];
  await take(database, folder);
  expect(await rowsOf(database)).toMatchObject([
    { outcome: 'success', file_name: left, error_message: null, proven_at: null },
    { outcome: 'success' },
  ]);
  await sql`UPDATE engine.backups SET began_at = began_at - interval '40 days'`.execute(
    database.db,
  );
  expect(await take(database, folder)).toMatchObject({ removed: 2 });
  expect(existsSync(join(folder, left))).toBe(false);
});

test('a file with that name that is not what was written is not taken over, and not removed', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await killAt(database, folder, `NEW.outcome = 'success'`);
  const [left] = backupsIn(folder) as [string];
  await sql`UPDATE engine.backups SET sha256 = repeat('0', 64)`.execute(database.db);
  await take(database, folder);
  expect((await rowsOf(database))[0]).toMatchObject({ outcome: 'lost' });
  expect(readFileSync(join(folder, left)).length).toBeGreaterThan(0);
});

test('killed when retention has removed a file and not yet said so: the next one says so', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await take(database, folder);
  await sql`
    UPDATE engine.backups SET began_at = began_at - interval '40 days'`.execute(database.db);
  await sql`INSERT INTO engine.settings (key, value) VALUES ('backup_folder', to_jsonb(${folder}::text))`.execute(
    database.db,
  );
  await killAt(database, folder, `NEW.removed_at IS NOT NULL`);
  expect(backupsIn(folder)).toHaveLength(1);
  await take(database, folder);
  expect(await rowsOf(database)).toMatchObject([
    { outcome: 'success', removed_at: expect.any(Date) },
    { outcome: 'success', removed_at: null },
    { outcome: 'success', removed_at: null },
  ]);
});

test('what another host has written into the same folder is cleared and kept for as long as its own', async () => {
  const database = await testDatabase();
  const folder = backupFolder();
  await killAt(database, folder, `NEW.outcome = 'running' AND NEW.sha256 IS NOT NULL`);
  const old = await take(database, folder);
  await sql`
    UPDATE engine.backups SET host = 'a-container-that-is-gone', began_at = began_at - interval '40 days'`.execute(
    database.db,
  );
  expect(await take(database, folder)).toMatchObject({ removed: 1 });
  expect(existsSync(old.file!)).toBe(false);
  expect(readdirSync(folder)).toHaveLength(1);
});
