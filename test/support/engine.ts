/** Puts an engine together, or parts of one, around a test's own catalogue, in the way of src/bin/engine.ts. */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { performCanary } from '../../src/run/perform-canary.ts';
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { Job } from '../../src/contract/job.ts';
import { connect } from '../../src/database/connect.ts';
import type { Emit, Subscriber } from '../../src/events/events.ts';
import { eventsTo } from '../../src/events/log-events.ts';
import { redactionOf } from '../../src/log.ts';
import { startTimers } from '../../src/maintain/timers/start.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { openQueue, type RunQueue } from '../../src/queue/run-queue.ts';
import type { SecretSources } from '../../src/data/secrets/open.ts';
import type { JobEngine } from '../../src/run/jobs/job-engine.ts';
import { keepJobLeases } from '../../src/run/jobs/job-leases.ts';
import { performJob } from '../../src/run/jobs/perform-job.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { performRun } from '../../src/run/perform.ts';
import { openRemotePlaces } from '../../src/run/remote-places.ts';
import type { Engine } from '../../src/run/engine.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { startScheduler } from '../../src/schedule/scheduler.ts';
import { atEnd } from './at-end.ts';
import type { Backend } from './backends.ts';
import { inProcess } from './in-process.ts';
import { engineOf, noSources } from './engine-of.ts';
import { testDatabase, testDatabaseWithQueue, type TestDatabase } from './database.ts';

function emitTo(subscriber: Subscriber): Emit {
  const events = eventsTo(log);
  events.subscribe(subscriber);
  return events.emit;
}

export interface TestEngine extends Engine {
  url: string;
  queue: RunQueue;
  /** Ends the connections of the engine and stops renewing leases: to the database this looks as if it was killed. */
  close(): Promise<void>;
}

export interface EngineOptions {
  database?: TestDatabase;
  concurrency?: number;
  /** the keys and variables with which secrets are opened; by default there are none */
  sources?: SecretSources;
  /** gets the events of the engine, in addition to the log */
  hear?: Subscriber;
}

const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
const { emit: emitToLog } = eventsTo(log);

/**
 * Makes an engine without timers, scheduler and worker. Its catalogue is registered and its queue is open. It is closed
 * when the test ends.
 */
export async function anEngine(
  { redisUrl }: Backend,
  catalogue: Catalogue,
  { database, concurrency = 4, sources = noSources, hear }: EngineOptions = {},
): Promise<TestEngine> {
  const { url } = database ?? (await (redisUrl ? testDatabase() : testDatabaseWithQueue()));
  const emit = hear ? emitTo(hear) : emitToLog;
  const worker = `worker-${randomBytes(3).toString('hex')}`;
  const db = connect(url, { name: 'engine', max: concurrency + 4 });
  const children = inProcess({
    catalogue,
    db,
    reader: connect(url, { name: 'checks', max: concurrency, readOnly: true }),
  });
  if (database && !redisUrl) await migrateQueue(url);
  await registerCatalogue(db, catalogue);
  const queue = await openQueue(db, { redisUrl, databaseUrl: url }, () => {});
  const parts = { worker, db, children, catalogue, queue, emit };
  const engine = engineOf(parts, url, { sources, redaction: redactionOf(log) });
  const { leases, writer } = engine;
  let closing: Promise<void> | undefined;
  async function end() {
    leases.stop();
    await queue.close();
    await writer.close();
    await children.close();
    await db.destroy();
  }
  const close = () => (closing ??= end());
  atEnd(close);
  return { ...engine, url, queue, close };
}

export interface Flow extends TestEngine {
  /** executes the runs of jobs */
  jobEngine: JobEngine;
  /** Stops the engine in order: runs that it has begun come to their end. */
  stop(): Promise<void>;
}

export interface FlowOptions extends EngineOptions {
  roles?: ('scheduler' | 'worker')[];
  jobs?: readonly Job[];
}

/** Starts the whole engine, as one process has it. It is stopped when the test ends. */
export async function startFlow(
  backend: Backend,
  catalogue: Catalogue,
  { roles = ['scheduler', 'worker'], jobs = [], ...options }: FlowOptions = {},
): Promise<Flow> {
  const engine = await anEngine(backend, catalogue, options);
  const { db, queue, worker, emit } = engine;
  const role = roles.length === 2 ? 'up' : roles[0]!;
  await registerJobs(db, jobs);
  const timers = startTimers({
    db,
    queue,
    catalogue,
    jobs,
    emit,
    escalate: escalateLost,
    node: { id: worker, role },
    worker: null,
    ping: null,
  });
  const scheduler = roles.includes('scheduler')
    ? startScheduler(db, catalogue, queue, emit, worker, jobs)
    : null;
  const leases = keepJobLeases(db, emit);
  const jobEngine: JobEngine = {
    worker,
    db,
    databaseUrl: engine.url,
    queue,
    jobs,
    leases,
    secrets: engine.secrets,
    log,
    emit,
  };
  const concurrency = options.concurrency ?? 4;
  const remotePlaces = openRemotePlaces({ db, queue, emit }, concurrency);
  const runWorker = roles.includes('worker')
    ? queue.work(
        concurrency,
        (job, free) => performRun({ ...engine, remotePlaces }, job, free),
        () => {},
        {
          job: (entry, free) => performJob(jobEngine, entry, free),
          canary: (id) => performCanary(engine, id),
        },
      )
    : null;
  let stopping: Promise<void> | undefined;
  async function end() {
    await scheduler?.stop();
    await runWorker?.drain();
    await timers.stop();
    leases.stop();
    await engine.close();
  }
  const stop = () => (stopping ??= end());
  onTestFinished(stop);
  return { ...engine, jobEngine, stop };
}
