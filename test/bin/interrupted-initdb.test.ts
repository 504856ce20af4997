/** Ctrl-C while the embedded database is being created: the terminal signals all processes of its group. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { joinEmbedded } from '../../src/database/embedded/index.ts';
import { childrenOf, install, isAlive, roundsman } from '../support/installation.ts';

const treeOf = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(treeOf)];

function groupOf(pid: number): number | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

test('is reported as a request to end and not as a failure of the database, and the next start creates the database', async () => {
  const home = fs.mkdtempSync(join(tmpdir(), 'roundsman-initdb-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true, maxRetries: 20 }));
  fs.chmodSync(home, 0o755);
  const up = roundsman(install('slow-bots.ts'), { ROUNDSMAN_HOME: home }, 'up', '--empty');
  const isInitdb = (pid: number) => commandOf(pid).includes('initdb');
  let making: number | undefined;
  const find = () => (making ??= treeOf(up.pid).find(isInitdb));
  await expect.poll(find, { timeout: 30_000, interval: 5 }).toBeDefined();

  const group = groupOf(up.pid);
  // Repeated while it is being created: the programs react to the signal only between two steps.
  while (isAlive(making!)) {
    for (const pid of treeOf(up.pid))
      if (groupOf(pid) === group && pid !== up.pid) process.kill(pid, 'SIGINT');
    await setTimeout(20);
  }
  up.child.kill('SIGINT');

  await up.ended;
  expect(up.heard.err + up.heard.out).not.toMatch(/could not be|Error/);
  const { leave } = await joinEmbedded(home, { create: true });
  await leave();
  // The incomplete directory is gone: its name has a random end.
  const names = fs.readdirSync(home).filter((name) => name.startsWith('postgres'));
  expect(names.toSorted()).toEqual([
    'postgres',
    'postgres.log',
    'postgres.password',
    'postgres.port',
  ]);
}, 90_000);
