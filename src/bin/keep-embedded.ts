import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../cli/session/database.ts';
import { embeddedServes, joinEmbedded, type EmbeddedDatabase } from '../database/embedded/index.ts';
import { ping } from '../database/ping.ts';
import type { Log } from '../log.ts';

const everyMs = 1_000;

export interface Keeper {
  /** Resolves when the server came back on another port, because its own was taken meanwhile. */
  moved: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the embedded server again when it has died or was told to stop. It comes back on its old port where that is
 * free, so that everybody's connections find it again.
 */
export function keepEmbedded({ db, config, url }: Session, log: Log): Keeper {
  const stopped = new AbortController();
  const shares: EmbeddedDatabase[] = [];
  const { promise: moved, resolve: move } = Promise.withResolvers<void>();

  async function ask(): Promise<void> {
    // A session that it has would go on, and none is added to it.
    if (!embeddedServes(config.home)) throw new Error('it does not run, or is about to end');
    await ping(db);
  }

  async function keep(): Promise<void> {
    let isLost = false;
    while (!stopped.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) return;
      try {
        await ask();
        isLost = false;
      } catch (error) {
        if (!isLost) log.warn({ err: error }, 'the embedded PostgreSQL does not answer');
        isLost = true;
        const share = await joinEmbedded(config.home, {
          create: false,
          onWait: (what) => log.warn(what),
        }).catch((failed: unknown) => {
          log.error({ err: failed }, 'the embedded PostgreSQL could not be started again');
        });
        if (!share) continue;
        if (share.url !== url) {
          log.error('the embedded PostgreSQL is on another port now, because its own was taken');
          move();
        }
        if (share.started) {
          log.warn('the embedded PostgreSQL was started again');
          shares.push(share);
        } else await share.leave();
      }
    }
  }

  const keeping = keep();
  return {
    moved,
    async stop() {
      stopped.abort();
      await keeping;
      for (const share of shares) await share.leave();
    },
  };
}
