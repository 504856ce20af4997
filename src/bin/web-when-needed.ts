import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import type { Listener } from '../web/listen.ts';

const askEveryMs = 2_000;

/**
 * Has `up` listen as soon as something has to be listened for, as services/web/needed.ts says. A port that is taken is
 * reported once, and tried again until it is free. The returned function ends the listener.
 */
export function listenWhenNeeded(db: Db, config: Config, emit: Emit): () => Promise<void> {
  const { webHost: host, webPort: port } = config;
  const database = () => db;
  const stopped = new AbortController();
  let listener: Listener | null = null;
  let isReported = false;

  async function open(): Promise<void> {
    const { isWebNeeded } = await import('../services/web/needed.ts');
    while (!stopped.signal.aborted && !listener) {
      // A database that does not answer is reported by the engine; the next try comes all the same.
      if (await isWebNeeded(db).catch(() => false)) {
        const { listenOn } = await import('./listen-on.ts');
        const options = { host, port, database, emit, sources: config };
        listener = await listenOn(options).catch((error: unknown) => {
          if (!isReported) emit('web.unopened', { err: error, host, port });
          isReported = true;
          return null;
        });
      }
      if (!listener) await sleep(askEveryMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  const opening = open();
  return async () => {
    stopped.abort();
    await opening;
    await listener?.close();
  };
}
