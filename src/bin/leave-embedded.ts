/** Stops the embedded PostgreSQL in a home after a process that was ended at once, if no other process uses it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveFor } from '../database/embedded/index.ts';

const [home = '', owner = ''] = process.argv.slice(2);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// It is there for a process that a signal has ended; the same signals do not end it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const)
  process.on(signal, () => {});
// Its share of the server ends with it.
for (let tries = 0; tries < 100 && isAlive(Number(owner)); tries += 1) await sleep(20);
await leaveFor(home);
