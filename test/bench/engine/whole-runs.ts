import { createPostgresBackend, Queue, withBackend, Worker } from 'bullmq';
import { sql } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from '../../../src/queue/run-queue.ts';
import { atWork, end, startAnew } from './at-work.ts';
import { plantBots } from './plant.ts';
import { cpuByPart, cpuMs, type Servers } from './servers.ts';
import { median, type Line } from './table.ts';
import { sized } from '../size.ts';

const jobs = sized(6_000, 90);
/** Of them the first ones are not measured: while they run, the children are started. */
const warmUp = jobs / 3;
const rounds = sized(3, 1);

/** Jobs a second of a bare BullMQ worker whose job does nothing; its entries wait already. */
async function bare(
  { redisUrl, postgresUrl }: Servers,
  backend: 'redis' | 'postgres',
  concurrency: number,
) {
  const classes = withBackend(createPostgresBackend);
  const postgres = { connectionString: postgresUrl, schema: 'bullmq', max: concurrency };
  const queue = (
    backend === 'redis'
      ? new Queue('bare', { connection: { url: redisUrl } })
      : new classes.Queue('bare', { connection: postgres })
  ) as Queue;
  const opts = { removeOnComplete: true, removeOnFail: true };
  await queue.addBulk(
    Array.from({ length: jobs }, (_, i) => ({
      name: 'empty',
      data: {},
      opts: { ...opts, jobId: `b-${i}` },
    })),
  );
  let done = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = async () => {
    done += 1;
    if (done === jobs) resolve();
  };
  const began = performance.now();
  const worker = (
    backend === 'redis'
      ? new Worker('bare', work, {
          connection: { url: redisUrl, maxRetriesPerRequest: null },
          concurrency,
        })
      : new classes.Worker('bare', work, { connection: postgres, concurrency })
  ) as Worker;
  worker.on('error', () => {});
  await promise;
  const took = performance.now() - began;
  await worker.close();
  await queue.close();
  return (jobs / took) * 1000;
}

/** Runs a second through the whole engine: start, check in a child, record, finish. */
async function whole(servers: Servers, backend: 'redis' | 'postgres', concurrency: number) {
  const { db, redisUrl, postgresUrl: databaseUrl } = servers;
  await startAnew(servers);
  await plantBots(db, jobs, { due: false });
  const { rows } = await sql<{ id: string; generation: number }>`
    INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
    SELECT id, 'queued', 'manual', 1, now(), now() FROM bots RETURNING id, generation`.execute(db);
  const queue = await openQueue(
    db,
    { redisUrl: backend === 'redis' ? redisUrl : undefined, databaseUrl },
    () => {},
  );
  await queue.add(rows);
  await queue.close();
  const worker = await atWork(servers, 'worker', backend, concurrency);
  const began = await ended(db, warmUp);
  const before = { all: cpuMs(servers), parts: cpuByPart(servers, worker.pid!) };
  const all = await ended(db, jobs);
  const cpu = cpuMs(servers) - before.all;
  const parts = cpuByPart(servers, worker.pid!);
  await end(worker);
  const count = all.runs - began.runs;
  const partsEach = Object.entries(parts).map(
    ([part, used]) => [part, (used - before.parts[part]!) / count] as const,
  );
  return { rate: count / (all.at - began.at), cpuEach: cpu / count, partsEach };
}

/** Waits until so many runs have ended; how many have, and when by the database's clock, in seconds. */
async function ended(db: Servers['db'], wanted: number): Promise<{ runs: number; at: number }> {
  for (;;) {
    const { rows } = await sql<{ runs: number; at: number }>`
      SELECT count(*)::int AS runs, extract(epoch FROM max(completed_at))::float8 AS at
      FROM bot_executions WHERE completed_at IS NOT NULL`.execute(db);
    if (rows[0]!.runs >= wanted) return rows[0]!;
    await sleep(50);
  }
}

export async function wholeRuns(
  servers: Servers,
  backend: 'redis' | 'postgres',
  concurrency: number,
): Promise<Line> {
  const ours: number[] = [];
  const cpu: number[] = [];
  const theirs: number[] = [];
  const parts = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    theirs.push(await bare(servers, backend, concurrency));
    const { rate, cpuEach, partsEach } = await whole(servers, backend, concurrency);
    ours.push(rate);
    cpu.push(cpuEach);
    for (const [part, each] of partsEach) parts.set(part, [...(parts.get(part) ?? []), each]);
  }
  const ratio = median(ours) / median(theirs);
  const goal = backend === 'redis' ? 0.25 : 0.6;
  const shares = [...parts].map(([part, each]) => `${part} ${median(each).toFixed(2)}`);
  return {
    what: `whole runs, a trivial check in a child, ${concurrency} at once (${backend})`,
    ours: `${median(ours).toFixed(0)} runs/s, ${median(cpu).toFixed(2)} ms CPU each`,
    peer: `${median(theirs).toFixed(0)} empty jobs/s, a bare BullMQ worker`,
    ratio,
    goal: `${goal} x`,
    met: ratio >= goal,
    note: `all share the machine’s cores, so CPU bounds it; in ms a run: ${shares.join(', ')}.`,
  };
}
