/** The engine in pieces or whole, put together as src/bin/engine.ts does, around a test's own catalogue. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { carryCanary } from '../../src/run/carry-canary.ts';
import { defineBot, defineRemedy, z } from '../../src/bot.ts';
import type { Bot, Check, CheckResult, Remedy, ReportedFinding } from '../../src/bot.ts';
import { catalogueOf, type Catalogue } from '../../src/catalogue/catalogue.ts';
import type { Job } from '../../src/contract/job.ts';
import { connect, type Db } from '../../src/database/connect.ts';
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
import { testDatabase, type TestDatabase } from './database.ts';

type CheckBody = Check<unknown>['run'];

/** A bot of one check, or of several by name; it never comes due by itself unless told. */
export function aBot(
  name: string,
  checks: CheckBody | Record<string, CheckBody>,
  rest: Partial<Bot> = {},
): Bot {
  const bodies = typeof checks === 'function' ? { 'is-well': checks } : checks;
  return defineBot({
    name,
    displayName: name,
    description: `The bot ${name} of a test`,
    schedule: '0 0 1 1 *',
    config: z.looseObject({}),
    checks: Object.entries(bodies).map(([check, run]) => ({ name: check, title: check, run })),
    ...rest,
  });
}

export const clean = (...examined: string[]): CheckResult => ({ examined, findings: [] });

export const problem = (
  component: string,
  rest: Partial<ReportedFinding> = {},
): ReportedFinding => ({
  severity: 'high',
  category: 'trouble',
  title: `${component} is broken`,
  component,
  ...rest,
});

/** What a check says that looked at these components and found all of them broken. */
export const broken = (...components: string[]): CheckResult => ({
  examined: components,
  findings: components.map((component) => problem(component)),
});

/** A safe remedy without parameters that is never known to be done. */
export const aRemedy = (
  name: string,
  apply: (context: Parameters<Remedy['apply']>[1]) => Promise<unknown>,
  rest: Partial<Remedy> = {},
): Remedy =>
  defineRemedy({
    name,
    title: `Do ${name}`,
    risk: 'safe',
    params: z.looseObject({}),
    isDone: async () => false,
    apply: async (_, context) => {
      await apply(context);
      return { summary: `did ${name}`, before: null, after: null };
    },
    undo: async () => ({ summary: `undid ${name}`, before: null, after: null }),
    ...rest,
  }) as Remedy;

export const playbook = (...remedies: string[]) =>
  ['steps:', ...remedies.map((remedy) => `  - remedy: ${remedy}`)].join('\n');

/** What a healing test's catalogue needs: an entry that matches every {@link problem}. */
export const entry = (name: string, solution: string, rest = {}) => ({
  name,
  category: 'trouble',
  pattern: 'is broken',
  solution,
  autonomy: 'auto' as const,
  ...rest,
});

export const catalogue = (bots: Bot[], remedies: Remedy[] = []): Catalogue =>
  catalogueOf(bots, remedies);

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
  const { url } = database ?? (await testDatabase());
  const emit = hear ? heardBy(hear) : emitToLog;
  const worker = `worker-${randomBytes(3).toString('hex')}`;
  const db = connect(url, { name: 'engine', max: concurrency + 4 });
  const children = inProcess({
    catalogue,
    db,
    reader: connect(url, { name: 'checks', max: concurrency, readOnly: true }),
  });
  if (!redisUrl) await migrateQueue(url);
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
          canary: (id) => carryCanary(engine, id),
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

/** Makes engine.now() a clock that a test can move in this database; it goes on running meanwhile. */
export async function movableClock(db: Db): Promise<(seconds: number) => Promise<void>> {
  await sql`CREATE TABLE engine.clock AS SELECT interval '0' AS shift`.execute(db);
  await sql`
    CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN pg_catalog.statement_timestamp() + (SELECT shift FROM engine.clock)`.execute(db);
  return async (seconds) => {
    await sql`UPDATE engine.clock SET shift = shift + make_interval(secs => ${seconds})`.execute(
      db,
    );
  };
}

/** A clock that stands still at the time that it was given last. */
export async function stillClock(db: Db, start: string): Promise<(time: string) => Promise<void>> {
  await sql`CREATE TABLE engine.clock AS SELECT ${start}::timestamptz AS time`.execute(db);
  await sql`
    CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN (SELECT time FROM engine.clock)`.execute(db);
  return async (time) => {
    await sql`UPDATE engine.clock SET time = ${time}::timestamptz`.execute(db);
  };
}

/** Writes a run as a claim does, ready to be started with generation 1. */
export async function queuedRun(db: Db, bot: string, values: object = {}): Promise<string> {
  const { id } = await db
    .selectFrom('bots')
    .select(['id'])
    .where('name', '=', bot)
    .executeTakeFirstOrThrow();
  const row = await db
    .insertInto('bot_executions')
    .values({
      bot_id: id,
      status: 'queued',
      trigger: 'manual',
      generation: 1,
      started_at: sql<Date>`engine.now()`,
      queued_at: sql<Date>`engine.now()`,
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** So many runs of a bot at once, queued so long ago, of which the queue knows nothing. */
export const backlog = (db: Db, bot: string, count: number, ago = '1 hour') =>
  sql`
    INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
    SELECT id, 'queued', 'manual', 1, now(), now() - ${ago}::interval
    FROM bots, generate_series(1, ${count}::int) WHERE name = ${bot}`.execute(db);

/** Values of a run that another worker carries, for a long time yet. */
export const carried = {
  status: 'running',
  worker: 'another',
  fence: 1,
  attempt: 1,
  lease_until: sql<Date>`engine.now() + interval '1 hour'`,
};

export const rowOf = (db: Db, id: string) =>
  db.selectFrom('bot_executions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

/**
 * One attempt of this run from start to end, as the worker carries it out; the row afterwards. Another run of its bot
 * that ends meanwhile may queue it again before it has started: then its newer entry is taken, as from the queue.
 */
export async function attempt(engine: Engine, id: string) {
  let before = await rowOf(engine.db, id);
  for (;;) {
    await performRun(engine, before);
    const after = await rowOf(engine.db, id);
    const isQueuedAgain = after.status === 'queued' && after.generation > before.generation;
    if (!isQueuedAgain || after.attempt > before.attempt) return after;
    before = after;
  }
}

/** A new run of this bot, carried out. */
export const run = async (engine: Engine, bot: string, values: object = {}) =>
  attempt(engine, await queuedRun(engine.db, bot, values));

/** Makes a planned bot due now, by the slot that passed a moment ago. */
export const makeDue = (db: Db, bot: string) =>
  sql`UPDATE bots SET next_slot_at = date_trunc('second', engine.now()), next_execution_at = engine.now()
      WHERE name = ${bot} AND next_slot_at IS NOT NULL`.execute(db);

/**
 * What happens to findings without a cure is known from now on, of every entry: they stay. Until that is
 * known one in four is held out for a run, by a hash that no test foresees.
 */
export const nothingHeldOut = (db: Db) =>
  sql`
    INSERT INTO bot_decisions (bot_id, knowledge_id, fingerprint, verdict, outcome, settled_at, decided_at)
    SELECT (SELECT id FROM bots LIMIT 1), k.id, 'elsewhere', 'shadowed', 'persisted', engine.now(), engine.now()
    FROM bot_knowledge k, generate_series(1, 5)`.execute(db);

/** Changes a setting of the engine. */
export const set = (db: Db, key: string, value: unknown) =>
  sql`UPDATE engine.settings SET value = ${JSON.stringify(value)}::jsonb WHERE key = ${key}`.execute(
    db,
  );
