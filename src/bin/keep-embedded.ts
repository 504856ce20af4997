import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Session } from '../cli/database.ts';
import { joinEmbedded, type EmbeddedDatabase } from '../data/embedded/index.ts';
import type { Log } from '../log.ts';

const everyMs = 1_000;

/**
 * Starts the embedded server again when it has died. It comes back on its old port where that is free,
 * so that everybody's connections find it again.
 */
export function keepEmbedded({ db, config }: Session, log: Log): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const shares: EmbeddedDatabase[] = [];

  async function keep(): Promise<void> {
    while (!stopped.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) return;
      try {
        await sql`SELECT 1`.execute(db);
      } catch (error) {
        log.warn({ err: error }, 'the embedded PostgreSQL does not answer');
        const share = await joinEmbedded(config.home, { create: false }).catch(
          (failed: unknown) => {
            log.error({ err: failed }, 'the embedded PostgreSQL could not be started again');
          },
        );
        if (share?.started) {
          log.warn('the embedded PostgreSQL was started again');
          shares.push(share);
        } else await share?.leave();
      }
    }
  }

  const keeping = keep();
  return {
    async stop() {
      stopped.abort();
      await keeping;
      for (const share of shares) await share.leave();
    },
  };
}
