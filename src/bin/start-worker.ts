/** The parts of a process that execute runs. A process that only schedules does not load this file. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Job } from '../contract/job.ts';
import { moduleBeside } from '../ground/module-beside.ts';
import type { Config } from '../config.ts';
import { endSessions, type Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import { redactionOf, type Log } from '../log.ts';
import type { RunQueue, RunWorker } from '../queue/run-queue.ts';
import { openChildren, type Children } from '../run/tasks/children.ts';
import type { Engine, Offline } from '../run/engine.ts';
import { giveBack } from '../run/give-back.ts';
import { giveBack as giveJobsBack } from '../run/jobs/give-back.ts';
import { keepJobLeases } from '../run/jobs/job-leases.ts';
import { performJob } from '../run/jobs/perform-job.ts';
import { openRunWriter } from '../run/writer/run-writer.ts';
import { keepLeases } from '../run/lease.ts';
import { openSecrets } from '../run/secrets.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import type { ConnectionPlan } from '../services/connections/plan.ts';
import { performCanary } from '../run/perform-canary.ts';
import { performRun } from '../run/perform.ts';
import { openRemotePlaces } from '../run/remote-places.ts';
import type { Closers } from './closing.ts';

const giveBackWithinMs = 5_000;

export interface WorkerDependencies {
  /** the name under which runs are leased */
  worker: string;
  config: Config;
  plan: ConnectionPlan;
  databaseUrl: string;
  db: Db;
  queue: RunQueue;
  catalogue: Catalogue;
  /** the module that exports the catalogue, for the children */
  bots: URL;
  jobs: readonly Job[];
  log: Log;
  emit: Emit;
  offline: Offline | undefined;
}

export interface RunningWorker {
  worker: RunWorker;
  /** Gives back the runs that are still running, and reports those that it could not give back. Never rejects. */
  returnRuns(): Promise<void>;
}

/** The facts that identify a child's task in events: its check, or its remedy and the action. */
const namesOf = (task: unknown): object => {
  const { endpoint, check, remedy, action } = (task ?? {}) as Record<string, unknown>;
  return { endpoint, check, remedy, action: (action as { id?: string } | undefined)?.id };
};

/**
 * Has one child carry out a task immediately. A problem that keeps it from reaching the database would stop every child,
 * so the log says so before the first run fails.
 */
async function tryOneChild(children: Children): Promise<void> {
  const child = await children.take();
  await child.do('canary', null).finally(() => child.release());
}

/**
 * Takes runs from the queue and executes them. Pushes the closing function of each part to `closers`, in the order of
 * opening.
 */
export function startWorker(
  {
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
    offline,
  }: WorkerDependencies,
  onQueueError: (error: Error) => void,
  closers: Closers,
): RunningWorker {
  const leases = keepLeases(db, emit);
  const jobLeases = keepJobLeases(db, emit);
  closers.push(() => [leases, jobLeases].forEach((each) => each.stop()));
  const children = openChildren({
    entry: moduleBeside('./child', import.meta.url),
    catalogue: bots,
    databaseUrl,
    size: plan.places,
    isOneAhead: plan.isOneAhead,
    memoryMb: config.checkMemoryMb,
    onEnded: (name) =>
      void endSessions(db, name).catch((error: unknown) =>
        emit('child.sessions_left', { err: error, name }),
      ),
    onChanged: (kind, task, left) => emit('child.changed', { kind, ...namesOf(task), left }),
  });
  let isOver = false;
  closers.push(() => {
    isOver = true;
    return children.close();
  });
  tryOneChild(children).catch((error: unknown) => {
    if (!isOver) emit('child.useless', { err: error });
  });
  const writer = openRunWriter({ databaseUrl, worker, emit, flushesAtOnce: plan.flushesAtOnce });
  closers.push(() => writer.close());
  writer.warmUp().catch((error: unknown) => emit('writer.cold', { err: error }));
  const secrets = openSecrets(db, config, redactionOf(log), emit);
  const parts = { worker, db, children, catalogue, queue };
  const remotePlaces = openRemotePlaces({ db, queue, emit }, plan.places);
  const engine: Engine = { ...parts, writer, leases, secrets, emit, remotePlaces, offline };
  const jobEngine = {
    worker,
    db,
    databaseUrl,
    queue,
    jobs,
    leases: jobLeases,
    secrets,
    log,
    emit,
  };
  const runWorker = queue.work(
    plan.places,
    (entry, free) => performRun(engine, entry, free),
    onQueueError,
    {
      job: (entry, free) => performJob(jobEngine, entry, free),
      canary: (id) => performCanary(engine, id),
    },
  );
  closers.push(() => runWorker.drain());
  return {
    worker: runWorker,
    async returnRuns() {
      const runs = leases.all();
      const ofJobs = jobLeases.all();
      const count = runs.length + ofJobs.length;
      const given = Promise.all([
        giveBack({ db, queue }, runs),
        giveJobsBack({ db, queue }, ofJobs),
      ]);
      try {
        if (await settlesWithin(giveBackWithinMs, given)) {
          const [bots, jobs] = await given;
          emit('runs.given_back', { runs: bots + jobs });
        } else emit('runs.kept', { runs: count });
      } catch (error) {
        // Without the database the runs cannot be given back: their leases run out, and other workers take them over.
        emit('runs.kept', { err: error, runs: count });
      }
    },
  };
}
