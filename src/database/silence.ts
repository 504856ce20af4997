import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../ground/within.ts';
import type { Db } from './connect.ts';
import { lastHeardFrom } from './open-sessions.ts';
import { ping } from './ping.ts';

/**
 * How long a query has to stay unanswered, while the server sends nothing to any other session for {@link silentMs}.
 */
const unansweredMs = 1_000;
const silentMs = 2_500;
const everyMs = 250;

/**
 * Resolves with true when the server behind `url` no longer sends anything to this process although it is asked, for
 * example because the network drops all packets. Resolves with false when `until` aborts. A server that refuses, or
 * that answers any other session meanwhile, is not silent. `db` is a pool to it.
 */
export async function untilSilent(db: Db, url: string, until: AbortSignal): Promise<boolean> {
  while (!until.aborted) {
    const askedAt = performance.now();
    const answer = ping(db).catch(() => {});
    while (!(await within(everyMs, answer))) {
      if (until.aborted) return false;
      const now = performance.now();
      if (now - askedAt >= unansweredMs && now - lastHeardFrom(url) >= silentMs) return true;
    }
    await sleep(everyMs, undefined, { signal: until, ref: false }).catch(() => {});
  }
  return false;
}
