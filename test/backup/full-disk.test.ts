/** A disk that is full, or becomes read-only: the backup fails, says where, and leaves nothing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connectAlone } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { take } from './scene.ts';

/** A small disk in memory; null where this account may not mount one. */
function smallDisk(size: string): string | null {
  const place = mkdtempSync(join(tmpdir(), 'roundsman-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', place], {
      stdio: 'ignore',
    });
    onTestFinished(() => {
      execFileSync('umount', [place]);
      rmSync(place, { recursive: true });
    });
    return place;
  } catch {
    rmSync(place, { recursive: true });
    return null;
  }
}

test('a full disk', async ({ skip }) => {
  const folder = smallDisk('256k') ?? skip('this account may not mount a disk');
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE TABLE public.noise AS SELECT gen_random_uuid() AS a, gen_random_uuid() AS b FROM generate_series(1, 50000)',
  );
  await expect(take(database, folder)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(folder)).toEqual([]);
  const row = await database.db.selectFrom('engine.backups').selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ outcome: 'failed', file_name: null });
  expect(row.error_message).toContain('ENOSPC');
});

test('a folder that becomes read-only before the file has its name: the next backup removes what is left', async ({
  skip,
}) => {
  const folder = smallDisk('64m') ?? skip('this account may not mount a disk');
  const database = await testDatabase();
  await sql`
    CREATE FUNCTION public.told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7260009); RETURN NEW; END $$`.execute(
    database.db,
  );
  // The row is written after all of the file, and before its name.
  await sql`
    CREATE TRIGGER told BEFORE UPDATE ON engine.backups FOR EACH ROW WHEN (NEW.outcome = 'running' AND NEW.sha256 IS NOT NULL)
    EXECUTE FUNCTION public.told()`.execute(database.db);
  const holder = await connectAlone(database.url, { name: 'roundsman test' });
  await holder.query('SELECT pg_advisory_lock(7260009)');
  const refused = take(database, folder);
  const waits = sql`
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7260009 AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await expect
    .poll(async () => (await waits.execute(database.db)).rows.length, { timeout: 60_000 })
    .toBe(1);
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  await Promise.all([
    expect(refused).rejects.toMatchObject({ code: 'EROFS' }),
    holder.query('SELECT pg_advisory_unlock(7260009)'),
  ]);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\..*\.partial$/)]);
  execFileSync('mount', ['-o', 'remount,rw', folder]);
  await holder.end();
  const { file } = await take(database, folder);
  expect(readdirSync(folder)).toEqual([basename(file!)]);
  const rows = await database.db
    .selectFrom('engine.backups')
    .select(['outcome', 'error_message'])
    .orderBy('began_at')
    .execute();
  expect(rows).toMatchObject([
    { outcome: 'failed', error_message: expect.stringContaining('EROFS') },
    { outcome: 'success' },
  ]);
});
