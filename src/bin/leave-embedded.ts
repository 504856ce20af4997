/**
 * Waits for the end of the process that started this one, and then stops the embedded PostgreSQL of its home directory if
 * no other process uses it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { stopIfUnused } from '../database/embedded/index.ts';

const [home = '', owner = ''] = process.argv.slice(2);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// This process does its work after a signal has ended the other one; the same signal must not end it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const)
  process.on(signal, () => {});
// The other process loses its share of the server when it ends.
for (let tries = 0; tries < 100 && isAlive(Number(owner)); tries += 1) await sleep(20);
await stopIfUnused(home);
