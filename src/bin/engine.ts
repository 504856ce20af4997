import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { jobs } from '../../jobs/index.ts';
import { beside } from '../ground/beside.ts';
import { loadCatalogue } from '../cli/session/catalogue.ts';
import type { Config } from '../config.ts';
import { connect, forEngine, shortStatements, type Db } from '../database/connect.ts';
import { connectionLimit } from '../database/connection-limit.ts';
import { refuseTransactionPooler } from '../database/pooler.ts';
import { fallenSilent } from '../database/silence.ts';
import { isFirstProcessNode, leavesZombies } from '../ground/first-process.ts';
import { redactionOf, type Log } from '../log.ts';
import type { Emit } from '../events/events.ts';
import { refuseWrongClock } from '../maintain/clock.ts';
import { heartbeat, leave, type Node } from '../maintain/heartbeat.ts';
import { startTimers } from '../maintain/timers/start.ts';
import {
  agreeOnBackend,
  configuredBackend,
  queueAddress,
  refuseOtherBackend,
  type BackendName,
} from '../queue/backend.ts';
import { openQueue } from '../queue/run-queue.ts';
import { passwordsIn } from '../ground/secrets/redact.ts';
import { refuseBlindChecks } from '../database/refuse-blind.ts';
import { escalateLost } from '../run/writer/escalate.ts';
import { registerCatalogue } from '../schedule/register.ts';
import { registerJobs } from '../schedule/register-jobs.ts';
import { startScheduler } from '../schedule/scheduler.ts';
import { within } from '../ground/within.ts';
import type { Carrying } from './carry-runs.ts';
import { closeWithinMs, openClosing } from './closing.ts';
import { planConnections, smallerLimit } from '../services/connections/plan.ts';

/** Who hears what happens in a process. */
export interface Told {
  log: Log;
  /** what the log writes, too */
  emit: Emit;
}

export interface Started {
  backend: BackendName;
  db: Db;
  /** Takes nothing new, lets running runs end within `graceMs`, gives the rest back, and closes everything. */
  stop(graceMs?: number): Promise<void>;
}

/** Running runs get this long to end when the process is asked to stop. */
export const drainGraceMs = 10_000;

/** A timer's statement takes 5 s at most. It is waited for: the next one would come upon a pool that has ended. */
const timersWithinMs = 5_500;

/**
 * Puts one process together: `scheduler` claims and queues, `worker` runs, `up` does both. The database
 * must be migrated. `bots` is the module that exports the catalogue's `bots` and `remedies`.
 */
export async function startEngine(
  role: 'up' | 'scheduler' | 'worker',
  config: Config,
  databaseUrl: string,
  { log, emit }: Told,
  bots = beside('../../bots/index', import.meta.url),
): Promise<Started> {
  // The embedded database's is in no setting.
  redactionOf(log).know(passwordsIn(databaseUrl).map((value) => ({ value })));
  const worker = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  await refuseTransactionPooler(databaseUrl);
  const limit = smallerLimit(config.connections, await connectionLimit(databaseUrl));
  const plan = planConnections(role, configuredBackend(config), config.concurrency, limit);
  if (role !== 'scheduler' && plan.places < config.concurrency)
    emit('places.reduced', {
      places: plan.places,
      wanted: config.concurrency,
      connections: plan.total,
      limit,
    });
  if (role !== 'scheduler' && isFirstProcessNode()) emit('process.reaps_nothing', leavesZombies);
  const node: Node = {
    id: worker,
    role,
    queue: queueAddress(config),
    ...(role === 'scheduler' ? {} : { places: plan.places }),
  };
  const db = connect(databaseUrl, {
    name: `roundsman ${role}`,
    max: plan.engine,
    ...shortStatements,
    ...forEngine,
  });
  const closers = openClosing(emit);
  closers.push(() => db.destroy());
  try {
    const skew = await heartbeat(db, node);
    closers.push(() => leave(db, node));
    await refuseOtherBackend(db, configuredBackend(config));
    refuseWrongClock(skew, configuredBackend(config));
    const onQueueError = sayOnce((error) => emit('queue.failed', { err: error }));
    const queue = await openQueue(db, { ...config, databaseUrl, pools: plan }, onQueueError);
    closers.push(() => queue.close());
    const { backend, warnings } = queue;
    for (const warning of warnings) emit('queue.warned', { backend, warning });
    // Recorded only once it has answered.
    await agreeOnBackend(db, queue.backend);
    if (role !== 'scheduler' && !(await refuseBlindChecks(db, databaseUrl, { open: true })))
      emit('checks.read_as_login', {});
    const catalogue = await loadCatalogue(bots);
    await registerCatalogue(db, catalogue);
    await registerJobs(db, jobs);
    const dependencies = {
      worker,
      config,
      plan,
      databaseUrl,
      db,
      queue,
      catalogue,
      bots,
      jobs,
      log,
      emit,
    };
    const carrying: Carrying | null =
      role === 'scheduler'
        ? null
        : (await import('./carry-runs.ts')).carryRuns(dependencies, onQueueError, closers);
    const timers = startTimers({
      db,
      queue,
      catalogue,
      jobs,
      node,
      emit,
      escalate: escalateLost,
      worker: carrying?.worker ?? null,
    });
    closers.push(() => timers.stop(), timersWithinMs);
    // Last: nothing fails after it, so only `stop` has to end it.
    const scheduler =
      role === 'worker' ? null : startScheduler(db, catalogue, queue, emit, worker, jobs);
    const { places, total: connections } = plan;
    emit('process.started', { role, worker, backend, places, connections });

    return {
      backend: queue.backend,
      db,
      async stop(graceMs = drainGraceMs) {
        const over = new AbortController();
        const silent = fallenSilent(db, databaseUrl, over.signal);
        const stopped = (async () => {
          const drained = carrying?.worker.drain() ?? Promise.resolve();
          const ticked = scheduler?.stop() ?? Promise.resolve();
          if (!(await within(graceMs, drained))) {
            await carrying?.returnRuns();
            await within(1_000, drained);
          }
          await within(closeWithinMs, ticked);
          await closers.inOrder();
        })().finally(() => over.abort());
        // What it waits for does not come: its runs are taken over when their leases run out.
        if (await Promise.race([silent, stopped])) {
          emit('database.silent', {});
          await closers.atOnce();
        }
        emit('process.stopped', { role });
      },
    };
  } catch (error) {
    await closers.inOrder();
    throw error;
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
