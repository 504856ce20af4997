import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import { messageOf } from '../ground/errors.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import {
  addressOf,
  announceListener,
  type AnnouncedListener,
} from '../maintain/timers/listener.ts';
import type { Listener } from '../web/listen.ts';
import { closeWithinMs } from './closing.ts';

const askEveryMs = 2_000;

/**
 * Has `up` listen as soon as something has to be listened for, as services/web/needed.ts says. A port that is taken is
 * reported once, and tried again until it is free; meanwhile `status` and the doctor say so. The returned function ends the
 * listener.
 */
export function listenWhenNeeded(db: Db, config: Config, emit: Emit): () => Promise<void> {
  const { webHost: host, webPort: port } = config;
  const database = () => db;
  const stopped = new AbortController();
  const state: AnnouncedListener = {
    role: 'up',
    address: addressOf({ host, port }),
    problem: null,
  };
  let listener: Listener | null = null;
  let isReported = false;
  let retire: (() => Promise<void>) | null = null;

  async function tryToListen(): Promise<void> {
    const { listenOn } = await import('./listen-on.ts');
    const options = { host, port, database, emit, sources: config };
    try {
      listener = await listenOn(options);
      Object.assign(state, { address: addressOf(listener), problem: null });
    } catch (error) {
      if (!isReported) emit('web.unopened', { err: error, host, port });
      isReported = true;
      state.problem = messageOf((error as Error).cause ?? error);
    }
    retire ??= announceListener(db, () => state, emit);
  }

  async function open(): Promise<void> {
    const { isWebNeeded } = await import('../services/web/needed.ts');
    while (!stopped.signal.aborted && !listener) {
      // A database that does not answer is reported by the engine; the next try comes all the same.
      if (await isWebNeeded(db).catch(() => false)) await tryToListen();
      if (!listener) await sleep(askEveryMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  const opening = open();
  return async () => {
    stopped.abort();
    await opening;
    await listener?.close();
    // A row that cannot be removed counts as silent soon.
    if (retire)
      await settlesWithin(
        closeWithinMs,
        retire().catch(() => {}),
      );
  };
}
