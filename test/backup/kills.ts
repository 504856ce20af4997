/** Kills a process that makes backups at random moments, and looks at what it leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { open } from '../../src/backup/archive/seal.ts';
import { readArchive } from '../../src/backup/restore/read-archive.ts';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, backupsIn, take } from './scene.ts';

const command = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

export interface Killed {
  /** how often the process had finished before it was killed */
  finished: number;
  /** finished files, each of which was read to its end */
  whole: number;
  /** files under a temporary name */
  partial: number;
}

/**
 * Kills `times` processes, each after a random part of `longestMs`. Throws where a finished file is not whole. A file may be whole
 * although its process was killed: after it had its name.
 */
export async function killAtRandom(
  url: string,
  folder: string,
  { times, longestMs, random }: { times: number; longestMs: number; random: () => number },
): Promise<Killed> {
  let finished = 0;
  for (let count = 0; count < times; count += 1) {
    const child = spawn(
      process.execPath,
      [command, 'db', 'backup', '--to-folder', folder, '--no-proof'],
      { env: { ...process.env, DATABASE_URL: url }, stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), random() * longestMs);
    const [code] = (await ended) as [number | null];
    clearTimeout(timer);
    if (code === 0) finished += 1;
  }
  for (const name of backupsIn(folder))
    await readArchive(open(createReadStream(join(folder, name)) as AsyncIterable<Buffer>, []));
  const all = readdirSync(folder);
  return {
    finished,
    whole: backupsIn(folder).length,
    partial: all.length - backupsIn(folder).length,
  };
}

/** A generator whose numbers a seed gives again (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills so many processes that make backups of a database, and looks at what the next backup makes of what they have left. */
export async function expectNothingHalf(times: number, seed: number): Promise<void> {
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
    random: randomOf(seed),
  });
  const what = `seed ${seed}: ${JSON.stringify(killed)}`;
  console.log(`${times} kills, ${what}`);
  expect(killed.finished, what).toBeLessThan(times);
  expect(killed.whole, what).toBeGreaterThanOrEqual(killed.finished + 1);
  await take(database, folder);
  // What the killed ones had begun is gone, and each is marked; each file that is there is known.
  expect(readdirSync(folder).toSorted(), what).toEqual(backupsIn(folder).toSorted());
  const rows = await database.db.selectFrom('engine.backups').selectAll().execute();
  expect(
    rows.filter(({ outcome }) => outcome === 'running'),
    what,
  ).toEqual([]);
  const known = rows.filter(({ outcome }) => outcome === 'success').map((row) => row.file_name);
  expect(known.toSorted(), what).toEqual(backupsIn(folder).toSorted());
}
