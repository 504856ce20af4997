import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { startRecurring } from '../../jobs/recurring.ts';
import { runBot } from '../../jobs/run-bot.ts';
import { beside } from '../beside.ts';
import { loadCatalogue } from '../cli/catalogue.ts';
import type { Config } from '../config.ts';
import { connect, endSessions, shortStatements, type Db } from '../data/connect.ts';
import { refuseTransactionPooler } from '../data/pooler.ts';
import type { Log } from '../log.ts';
import { refuseWrongClock } from '../maintain/clock.ts';
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
import type { Run } from '../run/run.ts';
import { registerCatalogue } from '../schedule/register.ts';
import { startScheduler } from '../schedule/scheduler.ts';
import { within } from '../within.ts';

export interface Started {
  backend: BackendName;
  db: Db;
  /** Takes nothing new, lets running runs end within `graceMs`, gives the rest back, and closes everything. */
  stop(graceMs?: number): Promise<void>;
}

/** Running runs get this long to end when the process is asked to stop. */
export const drainGraceMs = 10_000;

/** What a part may take to close: a server that is gone must not keep the process from ending. */
const closeWithinMs = 2_000;
const giveBackWithinMs = 5_000;

/**
 * Puts one process together: `scheduler` claims and queues, `worker` runs, `up` does both. The database
 * must be migrated. `bots` is the module that exports the catalogue's `bots` and `remedies`.
 */
export async function startEngine(
  role: 'up' | 'scheduler' | 'worker',
  config: Config,
  databaseUrl: string,
  log: Log,
  bots = beside('../../bots/index', import.meta.url),
): Promise<Started> {
  const worker = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  await refuseTransactionPooler(databaseUrl);
  const max = config.concurrency + 4;
  const db = connect(databaseUrl, { name: `roundsman ${role}`, max, ...shortStatements });
  // In the order in which they were opened; closed the other way round.
  const closers: (() => unknown)[] = [() => db.destroy()];
  const close = async () => {
    for (const each of closers.toReversed())
      await within(closeWithinMs, Promise.resolve(each())).catch((error: unknown) =>
        log.warn({ err: error }, 'a part did not close in order'),
      );
  };
  try {
    const skew = await heartbeat(db, { id: worker, role });
    closers.push(() => leave(db, { id: worker, role }));
    await refuseOtherBackend(db, configuredBackend(config));
    refuseWrongClock(skew, configuredBackend(config));
    const onQueueError = sayOnce((error) => log.warn({ err: error }, 'queue'));
    const queue = await openQueue(db, { ...config, databaseUrl }, onQueueError);
    closers.push(() => queue.close());
    for (const warning of queue.warnings) log.warn(`${queue.backend}: ${warning}`);
    // Recorded only once it has answered.
    await agreeOnBackend(db, queue.backend);
    const catalogue = await loadCatalogue(bots);
    await registerCatalogue(db, catalogue);
    const leases = keepLeases(db, log);
    closers.push(() => leases.stop());

    let carrier: RunWorker | null = null;
    if (role !== 'scheduler') {
      const children = openChildren({
        entry: beside('./child', import.meta.url),
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
      const opened = queue.work(
        config.concurrency,
        (entry, free) => runBot(engine, entry, free),
        onQueueError,
      );
      carrier = opened;
      closers.push(() => opened.drain());
    }
    const recurring = startRecurring({ db, queue, catalogue }, { id: worker, role }, log, carrier);
    closers.push(() => recurring.stop());
    // Last: nothing fails after it, so only `stop` has to end it.
    const scheduler = role === 'worker' ? null : startScheduler(db, catalogue, queue, log);
    log.info({ role, worker, backend: queue.backend }, 'started');

    return {
      backend: queue.backend,
      db,
      async stop(graceMs = drainGraceMs) {
        const drained = carrier?.drain() ?? Promise.resolve();
        const ticked = scheduler?.stop() ?? Promise.resolve();
        if (!(await within(graceMs, drained))) {
          await returnRuns({ db, queue }, leases.all(), log);
          await within(1_000, drained);
        }
        await within(closeWithinMs, ticked);
        await close();
        log.info({ role }, 'stopped');
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Without the database they cannot be given back: their leases run out, and others take them over. */
async function returnRuns(means: Parameters<typeof giveBack>[0], runs: Run[], log: Log) {
  const given = giveBack(means, runs);
  try {
    if (await within(giveBackWithinMs, given))
      log.warn({ runs: await given }, 'running runs were given back');
    else log.warn({ runs: runs.length }, 'running runs could not be given back in time');
  } catch (error) {
    log.warn({ err: error, runs: runs.length }, 'running runs could not be given back');
  }
}

/** One message a minute of each kind: BullMQ tells of every single try of an outage. */
function sayOnce(say: (error: Error) => void): (error: Error) => void {
  const said = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    if (now - (said.get(error.message) ?? -Infinity) < 60_000) return;
    if (said.size > 100) said.clear();
    said.set(error.message, now);
    say(error);
  };
}
