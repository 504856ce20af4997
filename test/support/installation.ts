/** Starts the real command line with a test's own bots: from a copy of this checkout with another catalogue in it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';
import { newCopy, removeCopy } from './copies.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Makes the copy, and returns its directory.
 *
 * @param bots a module in test/bin that exports `bots` and `remedies`
 * @param jobs a module in test/bin that exports `jobs`; without it, the copy has the jobs of the checkout
 */
export function install(bots: string, jobs?: string): string {
  const directory = newCopy();
  afterAll(() => removeCopy(directory));
  for (const part of ['src', 'bots', 'jobs', 'migrations', 'package.json'])
    cpSync(join(root, part), join(directory, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const module of [bots, ...(jobs ? [jobs] : [])])
    cpSync(join(root, 'test/bin', module), join(directory, 'test/bin', module));
  writeFileSync(join(directory, 'bots/index.ts'), `export * from '../test/bin/${bots}';\n`);
  if (jobs)
    writeFileSync(join(directory, 'jobs/index.ts'), `export * from '../test/bin/${jobs}';\n`);
  return directory;
}

export interface Running {
  child: ChildProcess;
  pid: number;
  heard: { out: string; err: string };
  /** the JSON lines that it has logged so far */
  lines(): { msg: string; why?: string; [key: string]: unknown }[];
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
}

/** Starts a `roundsman` process. It is killed when the test ends, if it still runs. */
export function roundsman(
  checkout: string,
  settings: NodeJS.ProcessEnv,
  ...args: string[]
): Running {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['src/bin/roundsman.js', ...args], {
    cwd: checkout,
    env: { PATH, HOME, NO_COLOR: '1', ...settings },
  });
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = () =>
    heard.out
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  return { child, pid: child.pid!, heard, lines, ended };
}

/** The child processes of a process, according to /proc. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);

function parentOf(name: string): number | null {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // The process ended in between.
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    // A zombie is dead: its parent has only not collected it yet.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
