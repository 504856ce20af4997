import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../cli/session/database.ts';
import { embeddedServes, joinEmbedded, type EmbeddedDatabase } from '../database/embedded/index.ts';
import { ping } from '../database/ping.ts';
import type { Emit } from '../events/events.ts';

const askEveryMs = 1_000;

export interface Keeper {
  /** Resolves when the server came back on another port, because another process had taken its own. */
  moved: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the embedded server again when it has died or another program has stopped it. The server keeps its old port if
 * that is free, so that all existing clients can connect again.
 */
export function keepEmbedded({ db, config, url }: Session, emit: Emit): Keeper {
  const stopped = new AbortController();
  const shares: EmbeddedDatabase[] = [];
  const { promise: moved, resolve: move } = Promise.withResolvers<void>();

  async function ask(): Promise<void> {
    // Reads the server's files too: a server that is stopping still answers on open sessions, but accepts no new ones.
    if (!embeddedServes(config.home)) throw new Error('it does not run, or is about to end');
    await ping(db);
  }

  async function keep(): Promise<void> {
    let isLost = false;
    while (!stopped.signal.aborted) {
      await sleep(askEveryMs, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) return;
      try {
        await ask();
        isLost = false;
      } catch (error) {
        if (!isLost) emit('postgres.silent', { err: error });
        isLost = true;
        const share = await joinEmbedded(config.home, {
          create: false,
          onWait: (what) => emit('postgres.awaited', { what }),
        }).catch((failed: unknown) => {
          emit('postgres.unstarted', { err: failed });
        });
        if (!share) continue;
        if (share.url !== url) {
          emit('postgres.moved', {});
          move();
        }
        if (share.started) {
          emit('postgres.started_again', {});
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
