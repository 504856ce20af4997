import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { extname } from 'node:path';
import { startRecurring } from '../../jobs/recurring.ts';
import { runBot } from '../../jobs/run-bot.ts';
import { loadCatalogue } from '../cli/catalogue.ts';
import type { Config } from '../config.ts';
import { connect, endSessions, type Db } from '../data/connect.ts';
import type { Log } from '../log.ts';
import { heartbeat, leave } from '../maintain/heartbeat.ts';
import {
  agreeOnBackend,
  configuredBackend,
  refuseOtherBackend,
  type BackendName,
} from '../queue/backend.ts';
import { openQueue, type RunWorker } from '../queue/run-queue.ts';
import { openChildren } from '../run/child/pool.ts';
import { giveBack } from '../run/give-back.ts';
import { openLedger } from '../run/group-commit/ledger.ts';
import { keepLeases } from '../run/lease.ts';
import type { Engine } from '../run/engine.ts';
import { registerCatalogue } from '../schedule/register.ts';
import { startScheduler } from '../schedule/scheduler.ts';

export interface Started {
  backend: BackendName;
  db: Db;
  /** Takes nothing new, lets running runs end within `graceMs`, gives the rest back, and closes everything. */
  stop(graceMs?: number): Promise<void>;
}

/** Running runs get this long to end when the process is asked to stop. */
export const drainGraceMs = 10_000;

/**
 * Puts one process together: `scheduler` claims and queues, `worker` runs, `up` does both. The database
 * must be migrated. `bots` is the module that exports the catalogue's `bots` and `remedies`.
 */
export async function startEngine(
  role: 'up' | 'scheduler' | 'worker',
  config: Config,
  databaseUrl: string,
  log: Log,
  bots = beside('../../bots/index'),
): Promise<Started> {
  const worker = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const db = connect(databaseUrl, { name: `roundsman ${role}`, max: config.concurrency + 4 });
  // In the order in which they were opened; closed the other way round.
  const closers: (() => unknown)[] = [() => db.destroy()];
  const close = async () => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    await heartbeat(db, { id: worker, role });
    closers.push(() => leave(db, { id: worker, role }));
    await refuseOtherBackend(db, configuredBackend(config));
    const onQueueError = (error: Error) => log.warn({ err: error }, 'queue');
    const queue = await openQueue(db, { ...config, databaseUrl }, onQueueError);
    closers.push(() => queue.close());
    // Recorded only once it has answered.
    await agreeOnBackend(db, queue.backend);
    const catalogue = await loadCatalogue(bots);
    await registerCatalogue(db, catalogue);
    const recurring = startRecurring(db, queue, { id: worker, role }, log);
    closers.push(() => recurring.stop());
    const leases = keepLeases(db, log);
    closers.push(() => leases.stop());

    const scheduler = role === 'worker' ? null : startScheduler(db, catalogue, queue, log);
    let carrier: RunWorker | null = null;
    if (role !== 'scheduler') {
      const children = openChildren({
        entry: beside('./child'),
        catalogue: bots,
        databaseUrl,
        size: config.concurrency,
        memoryMb: config.checkMemoryMb,
        onEnded: (name) =>
          void endSessions(db, name).catch((error: unknown) =>
            log.warn({ err: error, name }, 'the sessions of a child that ended may go on'),
          ),
      });
      closers.push(() => children.close());
      const ledger = openLedger({ databaseUrl, worker, log });
      closers.push(() => ledger.close());
      const engine: Engine = { worker, db, children, catalogue, queue, ledger, leases, log };
      carrier = queue.work(config.concurrency, (entry) => runBot(engine, entry), onQueueError);
    }
    log.info({ role, worker, backend: queue.backend }, 'started');

    return {
      backend: queue.backend,
      db,
      async stop(graceMs = drainGraceMs) {
        await scheduler?.stop();
        const drained = carrier?.drain() ?? Promise.resolve();
        if (!(await within(graceMs, drained))) {
          const given = await giveBack({ db, queue }, leases.all());
          log.warn({ runs: given }, 'running runs were given back');
          await within(1_000, drained);
        }
        await close();
        log.info({ role }, 'stopped');
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A module of ours as a file: TypeScript in the checkout, compiled in the package. */
const beside = (path: string) =>
  new URL(path + extname(new URL(import.meta.url).pathname), import.meta.url);

/** Whether the promise settled in time. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
