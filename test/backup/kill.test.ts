/** A process that makes a backup is killed: no file looks whole that is not, and the next backup clears up. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { killAtRandom } from './kills.ts';
import { backupFolder, backupsIn, take } from './scene.ts';
import { readdirSync } from 'node:fs';

const times = process.env.TESTS === 'quick' ? 4 : 200;

test(`${times} kills at random moments`, async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    `CREATE TABLE public.many AS SELECT n, md5(n::text) AS a, md5((n * 7)::text) AS b FROM generate_series(1, 200000) n`,
  );
  const folder = backupFolder();
  // How long one takes here, with its process.
  const began = performance.now();
  const first = await killAtRandom(database.url, folder, {
    times: 1,
    longestMs: 1e9,
    random: () => 1,
  });
  expect(first).toEqual({ finished: 1, whole: 1, partial: 0 });
  const longestMs = (performance.now() - began) * 1.1;
  const killed = await killAtRandom(database.url, folder, {
    times,
    longestMs,
    random: Math.random,
  });
  expect(killed.finished).toBeLessThan(times);
  expect(killed.whole).toBeGreaterThanOrEqual(killed.finished + 1);
  await take(database, folder);
  // What the killed ones had begun is gone, and each is marked.
  expect(readdirSync(folder).length).toBe(backupsIn(folder).length);
  const { rows } = await sql<{ outcome: string; count: number }>`
    SELECT outcome, count(*)::int AS count FROM engine.backups GROUP BY 1`.execute(database.db);
  expect(rows.map(({ outcome }) => outcome)).not.toContain('running');
}, 1_800_000);
