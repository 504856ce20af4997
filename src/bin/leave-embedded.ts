/** Stops the embedded PostgreSQL in a home after a process that was ended at once, if nobody else uses it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { joinEmbedded } from '../database/embedded/index.ts';

const [home = '', owner = ''] = process.argv.slice(2);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// Its share of the server ends with it.
for (let tries = 0; tries < 100 && isAlive(Number(owner)); tries += 1) await sleep(20);
const embedded = await joinEmbedded(home, { create: false });
await embedded.leave();
