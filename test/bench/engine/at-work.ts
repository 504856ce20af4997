import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { residentMb } from '../../../src/children/memory.ts';
import { jobSchedulers } from './job-schedulers.ts';
import { plantBots } from './plant.ts';
import { waitingEntries, type Servers } from './servers.ts';
import { median, ms, quantile, type Line } from './table.ts';
import { inWords, sized } from '../size.ts';

const entry = new URL('./process.ts', import.meta.url);

/** A real process of the engine, ready to work. */
export async function atWork(
  { postgresUrl, redisUrl }: Servers,
  role: 'scheduler' | 'worker' | 'up',
  backend: 'redis' | 'postgres',
  concurrency = 10,
): Promise<ChildProcess> {
  const child = fork(entry, [
    role,
    postgresUrl,
    backend === 'redis' ? redisUrl : '',
    String(concurrency),
  ]);
  await once(child, 'message');
  return child;
}

export async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.disconnect();
  await gone;
}

/** Nothing is queued on either backend, and a process may use the one that it likes. */
export async function startAnew({ db, redisUrl }: Servers): Promise<void> {
  await sql`DELETE FROM engine.settings WHERE key = 'queue_backend'`.execute(db);
  await sql`DELETE FROM bullmq.job`.execute(db);
  const redis = new Redis(redisUrl);
  await redis.flushall();
  await redis.quit();
}

/** How long before their slot the bots are planted: so many have to be there by then. */
const aheadSeconds = sized(6, 2);

/** Plants bots that come due together in a few seconds, in one transaction; when, by the database's clock. */
async function plantDue({ db }: Servers, count: number): Promise<Date> {
  await plantBots(db, 0, { due: false });
  // At a whole second, as slots are, and not again for a year.
  const { rows } = await sql<{ slot: Date }>`
    WITH due AS (SELECT date_trunc('second', now()) + make_interval(secs => ${aheadSeconds}) AS slot), planted AS (
      INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, checked_version, next_slot_at, next_execution_at)
      SELECT 'bot-' || i, 'Bot', (i % 60) || ' 0 1 1 *', '/api/bots/trivial', 1, slot, slot
      FROM generate_series(1, ${count}::int) i, due)
    SELECT slot FROM due`.execute(db);
  return rows[0]!.slot;
}

/** How long after their slot the last of `count` due bots is in the queue, in ms; nobody takes them out. */
async function lastQueued(servers: Servers, backend: 'redis' | 'postgres', count: number) {
  await startAnew(servers);
  const scheduler = await atWork(servers, 'scheduler', backend);
  const slot = await plantDue(servers, count);
  const waiting = await waitingEntries(servers, backend);
  while ((await waiting.count()) < count) await sleep(10);
  const late = Date.now() - slot.getTime();
  await waiting.end();
  await end(scheduler);
  return late;
}

/**
 * How late the runs of bots were started that come due while a scheduler and a worker run, in ms; so many times
 * in the same processes. The first time is soon after their start.
 */
async function startedLate(
  servers: Servers,
  backend: 'redis' | 'postgres',
  count: number,
  times = 1,
): Promise<number[][]> {
  const { db } = servers;
  await startAnew(servers);
  const processes = [
    await atWork(servers, 'scheduler', backend),
    await atWork(servers, 'worker', backend, 50),
  ];
  const late: number[][] = [];
  while (late.length < times) {
    await plantDue(servers, count);
    await allEnded(db, count);
    const { rows } = await sql<{ started: number }>`
      SELECT extract(epoch FROM started_at - scheduled_for)::float8 * 1000 AS started FROM bot_executions`.execute(
      db,
    );
    late.push(rows.map((row) => row.started));
  }
  for (const child of processes) await end(child);
  return late;
}

async function allEnded(db: Servers['db'], count: number): Promise<void> {
  for (;;) {
    await sleep(sized(500, 50));
    const { rows } = await sql<{ ended: number }>`
      SELECT count(*)::int AS ended FROM bot_executions WHERE completed_at IS NOT NULL`.execute(db);
    if (rows[0]!.ended === count) return;
  }
}

const many = sized(10_000, 20);
const some = sized(1_000, 50);
const most = sized(1_000_000, 1_000);

/** 10,000 due in one minute, against BullMQ's own schedules. */
export async function lastOne(servers: Servers, backend: 'redis' | 'postgres'): Promise<Line[]> {
  const peer = await jobSchedulers(servers, backend);
  const queuedLast = await lastQueued(servers, backend, many);
  const startedLast = Math.max(...(await startedLate(servers, backend, many))[0]!);
  const goal = backend === 'redis' ? 0.7 : 0.1;
  const lines: Line[] = [
    {
      what: `${inWords(many)} due, last one queued (${backend})`,
      ours: ms(queuedLast),
      peer: `${ms(peer)} BullMQ Job Schedulers, last one started`,
      ratio: queuedLast / peer,
      goal: `${goal} x`,
      met: queuedLast / peer <= goal,
    },
    {
      what: `${inWords(many)} due, last one started (${backend})`,
      ours: ms(startedLast),
      peer: `${ms(peer)} the same`,
      ratio: startedLast / peer,
      goal: backend === 'redis' ? '1 x' : '',
      met: backend !== 'redis' || startedLast <= peer,
      note: 'each run is started, checked in a child, recorded and finished before the next one takes its place; the peer starts an empty function. With 50 places the last start is as late as the work before it takes: see whole runs.',
    },
  ];
  return lines;
}

export async function lateness(servers: Servers): Promise<Line> {
  const [first, ...later] = await startedLate(servers, 'redis', some, sized(4, 2));
  const p99 = median(later.map((started) => quantile(started, 0.99)));
  const p50 = median(later.map((started) => quantile(started, 0.5)));
  return {
    what: `start lateness at ${inWords(some)} due at once, p99 (redis)`,
    ours: `${ms(p99)} (p50 ${ms(p50)}); of the first ones after a start ${ms(quantile(first!, 0.99))}`,
    peer: 'the scheduled time',
    ratio: null,
    goal: 'under 1 s',
    met: p99 < 1_000,
  };
}

export async function schedulerMemory(servers: Servers): Promise<Line> {
  await startAnew(servers);
  await plantBots(servers.db, most, { due: false });
  const scheduler = await atWork(servers, 'scheduler', 'redis');
  let highest = 0;
  for (let i = 0; i < sized(15, 1); i++) {
    await sleep(1_000);
    highest = Math.max(highest, (await residentMb(scheduler.pid!)) ?? 0);
  }
  await end(scheduler);
  return {
    what: `memory of a scheduler with ${inWords(most)} bots`,
    ours: `${highest.toFixed(0)} MB`,
    peer: '',
    ratio: null,
    goal: '150 MB',
    met: highest <= 150,
  };
}
