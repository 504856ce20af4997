/**
 * What BullMQ keeps of entries that have ended, on both backends.
 *
 *   npm run soak:queue -- [--entries 100000] [--backend redis|postgres]
 *
 * One entry in ten fails, one in a hundred is delayed. Counts keys, rows and bytes after a tenth of the entries, after half and after all
 * of them: what is larger after all than after half grows with every entry. Ends with 1 when something does.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { openQueue, type RunQueue } from '../../src/queue/run-queue.ts';
import { startServers } from '../bench/engine/servers.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    backend: { type: 'string' },
  },
});
const total = Number(values.entries);
if (!Number.isInteger(total) || total < 1_000) {
  console.error('--entries is a whole number from 1,000 on');
  process.exit(2);
}

const backends = (['redis', 'postgres'] as const).filter(
  (name) => values.backend === undefined || values.backend === name,
);
if (backends.length === 0) {
  console.error('--backend is redis or postgres');
  process.exit(2);
}

/** What a backend keeps: how much of each kind. */
type Kept = Record<string, number>;

/** Keys by their names without ids, and their bytes together. */
async function keptOnRedis(url: string): Promise<Kept> {
  const redis = new Redis(url);
  try {
    const kept: Kept = { keys: await redis.dbsize(), bytes: 0 };
    for await (const keys of redis.scanStream({ count: 1_000 }))
      for (const key of keys as string[]) {
        const bytes = (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
        kept.bytes! += bytes;
        if (bytes > 2_000) kept[`bytes of ${key.split(':').slice(1).join(':')}`] = bytes;
      }
    return kept;
  } finally {
    redis.disconnect();
  }
}

/** Rows of each of BullMQ's tables, counted, and the bytes of all after a vacuum. */
async function keptOnPostgres(db: Db): Promise<Kept> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'bullmq'::regnamespace AND relkind = 'r' ORDER BY 1`.execute(db);
  const kept: Kept = { bytes: 0 };
  for (const { name } of rows) {
    await sql`VACUUM ${sql.table(`bullmq.${name}`)}`.execute(db);
    const { rows } = await sql<{ count: number; bytes: number }>`
      SELECT (SELECT count(*) FROM ${sql.table(`bullmq.${name}`)})::int AS count,
             pg_total_relation_size(${`bullmq.${name}`}::regclass)::float8 AS bytes`.execute(db);
    if (rows[0]!.count > 0) kept[`rows of ${name}`] = rows[0]!.count;
    if (rows[0]!.bytes > 100_000) kept[`bytes of ${name}`] = rows[0]!.bytes;
    kept.bytes! += rows[0]!.bytes;
  }
  return kept;
}

/** Adds entries, and has a worker take all of them. */
async function pass(queue: RunQueue, entries: number): Promise<void> {
  const { promise: allTaken, resolve: taken } = Promise.withResolvers<void>();
  let count = 0;
  const worker = queue.work(
    50,
    async ({ generation }) => {
      count += 1;
      if (count === entries) taken();
      if (generation % 10 === 0) throw new Error('the run could not be started');
    },
    () => {},
  );
  for (let left = entries; left > 0; left -= 1_000)
    await queue.add(
      Array.from({ length: Math.min(1_000, left) }, (_, index) => ({
        id: randomUUID(),
        generation: index + 1,
        ...(index % 100 === 0 && { delayMs: 50 }),
      })),
    );
  await allTaken;
  // Entries that were taken are ended by then.
  await worker.drain();
}

/** Bytes differ a little from time to time; what every entry left would be twice as much. */
const maxRatio = 1.3;

const servers = await startServers();
try {
  for (const backend of backends) {
    const { redisUrl, postgresUrl: databaseUrl, db } = servers;
    const config = { databaseUrl, redisUrl: backend === 'redis' ? redisUrl : undefined };
    const queue = await openQueue(db, config, () => {});
    const read = () => (backend === 'redis' ? keptOnRedis(redisUrl) : keptOnPostgres(db));
    // As many wait at once each time, so that tables are as large as that alone makes them.
    const part = Math.ceil(total / 10);
    const kept: Kept[] = [];
    for (let times = 1; times <= 10; times++) {
      await pass(queue, part);
      if (times === 1 || times === 5 || times === 10) kept.push(await read());
    }
    await queue.close();
    const [early, half, late] = kept as [Kept, Kept, Kept];
    console.log(
      `${backend}: kept after ${part} entries, after ${5 * part}, and after ${10 * part}`,
    );
    const names = [...new Set(kept.flatMap((each) => Object.keys(each)))];
    console.table(
      Object.fromEntries(
        names.map((name) => [name, { early: early[name], half: half[name], late: late[name] }]),
      ),
    );
    const growing = names.filter(
      (name) => (late[name] ?? 0) > maxRatio * (half[name] ?? 0) + 1_000,
    );
    if (growing.length === 0) continue;
    console.error(`${backend}: grows with every entry: ${growing.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  await servers.stop();
}
