import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { jobs } from '../../jobs/index.ts';
import { loadWholeCatalogue } from '../cli/session/catalogue.ts';
import type { Config } from '../config.ts';
import { connect, forEngine, shortStatements, type Db } from '../database/connect.ts';
import { connectionLimit } from '../database/connection-limit.ts';
import { refuseTransactionPooler } from '../database/pooler.ts';
import { untilSilent } from '../database/silent-server.ts';
import { storable } from '../ground/text.ts';
import { isFirstProcessNode, zombieWarning } from '../ground/first-process.ts';
import { redactionOf, type Log } from '../log.ts';
import type { Emit } from '../events/events.ts';
import { refuseWrongClock } from '../maintain/clock.ts';
import { heartbeat, removeNode, type Node } from '../maintain/heartbeat.ts';
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
import { entriesWithoutRemedy } from '../data/bots/bot-knowledge.ts';
import { refuseHiddenRows } from '../database/rights/refuse-hidden-rows.ts';
import { escalateLost } from '../run/writer/escalate.ts';
import { registerCatalogue } from '../schedule/register.ts';
import { registerCode } from '../schedule/register-code.ts';
import { registerJobs } from '../schedule/register-jobs.ts';
import { startScheduler } from '../schedule/scheduler.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import { placeInWords } from '../project/place.ts';
import { storeProjectSettings } from '../services/settings/of-project.ts';
import type { Offline } from '../run/engine.ts';
import type { RunningWorker } from './start-worker.ts';
import { closeWithinMs, openClosers } from './closing.ts';
import { openPinger } from '../services/ping/pinger.ts';
import { nodeName } from '../services/progress/canary-stop.ts';
import { planConnections, smallerLimit } from '../services/connections/plan.ts';

/** Where a process reports its events. */
export interface Reporting {
  log: Log;
  /** the log writes these events, too */
  emit: Emit;
}

export interface RunningEngine {
  backend: BackendName;
  db: Db;
  /** Takes no new runs, waits `graceMs` for running ones, gives back those that still run, and closes everything. */
  stop(graceMs?: number): Promise<void>;
}

/** How much of what was left out is stored for `status` and `doctor`; the log has all of it. */
const maxRefused = 100;

/** After a stop request, running runs get this long to end. */
export const drainGraceMs = 10_000;

/**
 * The longest that closing the timers may take. A timer's statement takes 5 s at most; without the wait, its next
 * statement would find a closed pool.
 */
const timersWithinMs = 5_500;

/**
 * Puts one process together: `scheduler` claims and queues, `worker` runs, `up` does both. The database must be
 * migrated. `bots` is a module that exports `bots` and `remedies`; without it the catalogue is the project's. `offline` has checks that
 * look outside skipped.
 */
export async function startEngine(
  role: 'up' | 'scheduler' | 'worker',
  config: Config,
  databaseUrl: string,
  { log, emit }: Reporting,
  bots?: URL,
  offline?: Offline,
): Promise<RunningEngine> {
  // The log redacts the values of settings; the embedded database's password is not in a setting, so the log learns it
  // here.
  redactionOf(log).learn(passwordsIn(databaseUrl).map((value) => ({ value })));
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
  if (role !== 'scheduler' && isFirstProcessNode()) emit('process.reaps_nothing', zombieWarning);
  const { catalogue, module, project } = await loadWholeCatalogue(bots);
  const refused = catalogue.refused.map((code) => ({
    // The name of a file and what it throws may hold what PostgreSQL does not store.
    place: storable(placeInWords(code, project?.root ?? '')),
    why: storable(code.why),
    hint: storable(code.hint),
  }));
  const node: Node = {
    id: worker,
    role,
    queue: queueAddress(config),
    bots: catalogue.bots.map(({ name }) => name),
    remedies: catalogue.remedyNames,
    refused: refused.slice(0, maxRefused),
    ...(role === 'scheduler' ? {} : { places: plan.places }),
  };
  const db = connect(databaseUrl, {
    name: `roundsman ${role}`,
    max: plan.engine,
    ...shortStatements,
    ...forEngine,
  });
  const closers = openClosers(emit);
  closers.push(() => db.destroy());
  try {
    const skew = await heartbeat(db, node);
    closers.push(() => removeNode(db, node));
    await refuseOtherBackend(db, configuredBackend(config));
    refuseWrongClock(skew, configuredBackend(config));
    const onQueueError = onceAMinute((error) => emit('queue.failed', { err: error }));
    const queue = await openQueue(db, { ...config, databaseUrl, pools: plan }, onQueueError);
    closers.push(() => queue.close());
    const { backend, warnings } = queue;
    for (const warning of warnings) emit('queue.warned', { backend, warning });
    // The backend is recorded only after it has answered.
    await agreeOnBackend(db, queue.backend);
    if (role !== 'scheduler' && !(await refuseHiddenRows(db, databaseUrl, { grantFirst: true })))
      emit('checks.read_as_login', {});
    if (project) {
      emit('project.read', {
        file: project.file,
        bots: catalogue.bots.length,
        refused: refused.length,
      });
      for (const code of refused) emit('code.refused', code);
      await storeProjectSettings(db, project.settings);
    }
    await registerCatalogue(db, catalogue);
    const { enabled, leftOff } = await registerCode(db, catalogue);
    if (enabled.length > 0) emit('bots.code_back', { bots: enabled });
    const entries = await entriesWithoutRemedy(db, catalogue.remedyNames);
    if (entries.length > 0) emit('knowledge.without_remedy', { entries });
    if (leftOff.length > 0) emit('bots.code_gone', { bots: leftOff });
    await registerJobs(db, jobs);
    const dependencies = {
      worker,
      config,
      plan,
      databaseUrl,
      db,
      queue,
      catalogue,
      bots: module,
      jobs,
      log,
      emit,
      offline,
    };
    const running: RunningWorker | null =
      role === 'scheduler'
        ? null
        : (await import('./start-worker.ts')).startWorker(dependencies, onQueueError, closers);
    const { pingUrl } = config;
    const pinger = pingUrl
      ? openPinger({
          db,
          address: pingUrl,
          who: nodeName({ role, host: hostname(), pid: process.pid }),
          emit,
          redact: redactionOf(log).text,
        })
      : null;
    const timers = startTimers({
      db,
      queue,
      catalogue,
      jobs,
      node,
      emit,
      escalate: escalateLost,
      worker: running?.worker ?? null,
      ping: pinger && (() => pinger.run()),
    });
    closers.push(() => {
      pinger?.stop();
      return timers.stop();
    }, timersWithinMs);
    // The scheduler starts last: nothing after it can fail, so only `stop` has to end it.
    const scheduler =
      role === 'worker' ? null : startScheduler(db, catalogue, queue, emit, worker, jobs);
    const { places, total: connections } = plan;
    emit('process.started', { role, worker, backend, places, connections });

    return {
      backend: queue.backend,
      db,
      async stop(graceMs = drainGraceMs) {
        const ended = new AbortController();
        const silent = untilSilent(db, databaseUrl, ended.signal);
        const stopped = (async () => {
          const drained = running?.worker.drain() ?? Promise.resolve();
          const ticked = scheduler?.stop() ?? Promise.resolve();
          if (!(await settlesWithin(graceMs, drained))) {
            await running?.returnRuns();
            await settlesWithin(1_000, drained);
          }
          await settlesWithin(closeWithinMs, ticked);
          await closers.inOrder();
        })().finally(() => ended.abort());
        // The server no longer answers, so the running statements do not end: other workers take the runs over when
        // their leases run out.
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

/** Passes on each message at most once a minute: during an outage BullMQ reports every single try. */
function onceAMinute(say: (error: Error) => void): (error: Error) => void {
  const said = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    if (now - (said.get(error.message) ?? -Infinity) < 60_000) return;
    if (said.size > 100) said.clear();
    said.set(error.message, now);
    say(error);
  };
}
