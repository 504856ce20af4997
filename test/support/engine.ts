/** The engine in pieces or whole, put together as src/bin/engine.ts does, around a test's own catalogue. */
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
import type { Engine } from '../../src/run/engine.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { startScheduler } from '../../src/schedule/scheduler.ts';
import type { Backend } from './backends.ts';
import { inProcess } from './in-process.ts';
import { engineOf, noSources } from './engine-of.ts';
import { testDatabase, testDatabaseWithQueue, type TestDatabase } from './database.ts';

function heardBy(subscriber: Subscriber): Emit {
  const events = eventsTo(log);
  events.subscribe(subscriber);
  return events.emit;
}

export interface TestEngine extends Engine {
  url: string;
  queue: RunQueue;
  /** Ends its connections and lets no lease be renewed any more: to the database it looks killed. */
  close(): Promise<void>;
}

export interface EngineOptions {
  database?: TestDatabase;
  concurrency?: number;
  /** what secrets are opened with; nothing unless told */
  sources?: SecretSources;
  /** hears what happens; the log alone unless told */
  hear?: Subscriber;
}

const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
const { emit: emitToLog } = eventsTo(log);

/** An engine that nothing drives yet; its catalogue is registered and its queue open. Closed with the test. */
export async function anEngine(
  { redisUrl }: Backend,
  catalogue: Catalogue,
  { database, concurrency = 4, sources = noSources, hear }: EngineOptions = {},
): Promise<TestEngine> {
  const { url } = database ?? (await (redisUrl ? testDatabase() : testDatabaseWithQueue()));
  const emit = hear ? heardBy(hear) : emitToLog;
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
  onTestFinished(close);
  return { ...engine, url, queue, close };
}

export interface Flow extends TestEngine {
  /** with which runs of jobs are carried */
  jobEngine: JobEngine;
  /** Ends its jobs in order. */
  stop(): Promise<void>;
}

export interface FlowOptions extends EngineOptions {
  roles?: ('scheduler' | 'worker')[];
  jobs?: readonly Job[];
}

/** The whole engine at work, as one process would be. Stopped with the test. */
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
  const carrier = roles.includes('worker')
    ? queue.work(
        options.concurrency ?? 4,
        (job, free) => performRun(engine, job, free),
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
    await carrier?.drain();
    await timers.stop();
    leases.stop();
    await engine.close();
  }
  const stop = () => (stopping ??= end());
  onTestFinished(stop);
  return { ...engine, jobEngine, stop };
}
