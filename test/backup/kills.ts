/** Kills a process that makes backups at random moments, and looks at what it leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from '../../src/backup/archive/seal.ts';
import { readArchive } from '../../src/backup/restore/read-archive.ts';
import { backupsIn } from './scene.ts';

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
