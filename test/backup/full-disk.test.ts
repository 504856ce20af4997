/** A disk that is full: the backup fails, says where, and leaves nothing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { take } from './scene.ts';

/** A small disk in memory; null where this account may not mount one. */
function smallDisk(): string | null {
  const place = mkdtempSync(join(tmpdir(), 'roundsman-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', place], {
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
  const folder = smallDisk() ?? skip('this account may not mount a disk');
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
