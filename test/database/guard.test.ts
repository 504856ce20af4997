/** The shell that ends a throw-away server when its owner ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startGuard } from '../../src/database/embedded/guard.ts';
import { ownFolder } from '../support/own-folder.ts';

/** Starts a process whose command line contains `mark`. */
async function server(mark: string): Promise<ChildProcess> {
  const script = "process.stdout.write('up'); setInterval(() => {}, 1_000)";
  const child = spawn(process.execPath, ['-e', script, mark], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

function scene(pid: string) {
  const parent = ownFolder('roundsman-guard-');
  const directory = join(parent, 'server');
  mkdirSync(directory);
  const pidFile = join(directory, 'postmaster.pid');
  writeFileSync(pidFile, pid);
  return {
    directory,
    guard: startGuard({ directory, pidFile, mark: directory, signal: 'TERM' }),
  };
}

test('ends the server whose process id the file names', async () => {
  const mark = ownFolder('roundsman-guarded-');
  const child = await server(mark);
  const pidFile = join(mark, 'postmaster.pid');
  writeFileSync(pidFile, `${child.pid}\nmore\n`);
  const ended = once(child, 'exit');
  await startGuard({ directory: mark, pidFile, mark, signal: 'TERM' }).end();
  await ended;
  expect(child.signalCode).toBe('SIGTERM');
  expect(existsSync(mark)).toBe(false);
});

test('does not end another process that has got the process id of an ended server', async () => {
  const other = await server('something else');
  const { directory, guard } = scene(`${other.pid}\n`);
  await guard.end();
  expect(existsSync(directory)).toBe(false);
  expect([other.exitCode, other.signalCode]).toEqual([null, null]);
});

test.each([
  ['an empty file', ''],
  ['text', 'no number\n'],
])('does not wait where the file names no process: %s', async (_, text) => {
  const { directory, guard } = scene(text);
  const began = performance.now();
  await guard.end();
  // It waits 6 s for a server that does not end.
  expect(performance.now() - began).toBeLessThan(4_000);
  expect(existsSync(directory)).toBe(false);
});
