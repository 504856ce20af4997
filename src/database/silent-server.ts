import { setTimeout as sleep } from 'node:timers/promises';
import { settlesWithin } from '../ground/settles-within.ts';
import type { Db } from './connect.ts';
import { lastDataFrom } from './open-sessions.ts';
import { ping } from './ping.ts';

/** A ping has to stay unanswered for this long before the server may count as silent. */
const unansweredMs = 1_000;
/** The server must have sent nothing to any session of this process for this long. */
const silentMs = 2_500;
/** The pause between two pings, and between two checks whether a ping is answered. */
const pingEveryMs = 250;

/**
 * Pings the server behind `url` again and again. Resolves with true when the server no longer sends anything to this
 * process, for example because the network drops all packets. Resolves with false when `until` aborts. A server that
 * refuses the ping, or that answers any other session meanwhile, is not silent. `db` is a pool to that server.
 */
export async function untilSilent(db: Db, url: string, until: AbortSignal): Promise<boolean> {
  while (!until.aborted) {
    const askedAt = performance.now();
    const answer = ping(db).catch(() => {});
    while (!(await settlesWithin(pingEveryMs, answer))) {
      if (until.aborted) return false;
      const now = performance.now();
      if (now - askedAt >= unansweredMs && now - lastDataFrom(url) >= silentMs) return true;
    }
    await sleep(pingEveryMs, undefined, { signal: until, ref: false }).catch(() => {});
  }
  return false;
}
