/**
 * `npm run bench:retention`: what users notice of the job `retention`. In one database with fsync and 10,000,000 rows of api_logs, clients
 * write and read at a fixed rate, in turns with retention at work and without. A latency counts from the time at which its request
 * was due. The goals: the p99 of all turns with it is at most 1.1 times that of all turns without it, and no transaction
 * that removes rows takes 100 ms: no lock of it lasts longer. BENCH_SIZE=small only shows that it runs.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { connect, pool, type Db } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { removeOld } from '../../src/services/retention/remove-old.ts';
import { inWords, isSmall, sized } from './size.ts';

const rows = sized(10_000_000, 20_000);
/** The rows lie evenly over so many days; 90 of them stay. */
const days = 400;
const turns = sized(4, 1);
const turnSeconds = sized(30, 1);
const [clients, aSecond] = [4, sized(200, 50)];
const maxRatio = 1.1;
const maxLockMs = 100;

async function plant(db: Db): Promise<void> {
  for (let from = 0; from < rows; from += 500_000)
    await sql`
      INSERT INTO api_logs (endpoint, method, status_code, response_time_ms, created_at)
      SELECT '/api/' || n % 50, 'GET', 200, n % 300, now.at - n * make_interval(secs => ${(days * 86_400) / rows}::float8)
      FROM (SELECT engine.now() AS at OFFSET 0) now, generate_series(${from + 1}::int, ${Math.min(rows, from + 500_000)}::int) n`.execute(
      db,
    );
  // The figures are there, as they are each night but the first.
  await sql`INSERT INTO engine.rollup_marks (kind, done_until, removed_until)
            SELECT 'endpoint', date_trunc('hour', engine.now()), date_trunc('day', engine.now() - interval '90 days', 'UTC')`.execute(
    db,
  );
  await sql`VACUUM ANALYZE api_logs`.execute(db);
  await sql`CHECKPOINT`.execute(db);
}

const calmMs = 20;
const mostMinutesToCalm = sized(10, 0);

/**
 * Waits until the disk has written what was planted: until a hundred small files in a row are on it in {@link calmMs} each. Says how long
 * that took, and whether it is calm; what is measured on a disk that is not says nothing about retention.
 */
async function waitForDisk(directory: string): Promise<string> {
  const [began, file] = [performance.now(), join(directory, 'calm')];
  let calm = 0;
  while (calm < 100 && performance.now() - began < mostMinutesToCalm * 60_000) {
    const at = performance.now();
    const handle = await open(file, 'w');
    await handle.writeFile(randomUUID());
    await handle.sync();
    await handle.close();
    calm = performance.now() - at < calmMs ? calm + 1 : 0;
    await sleep(50);
  }
  await rm(file, { force: true });
  const seconds = Math.round((performance.now() - began) / 1_000);
  return calm < 100
    ? `the disk was not calm after ${seconds} s`
    : `the disk was calm after ${seconds} s`;
}

/** One request of the application: a row is written, and the newest of its endpoint are read. */
async function request(
  client: { query(text: string, values: unknown[]): Promise<unknown> },
  n: number,
) {
  const endpoint = `/api/${n % 50}`;
  await client.query(
    `INSERT INTO api_logs (endpoint, method, status_code, response_time_ms) VALUES ($1, 'GET', 200, 5)`,
    [endpoint],
  );
  await client.query(
    'SELECT status_code, response_time_ms FROM api_logs WHERE endpoint = $1 ORDER BY created_at DESC LIMIT 20',
    [endpoint],
  );
}

/** Requests at a fixed rate for so long; the latencies in milliseconds. */
async function load(url: string, seconds: number): Promise<number[]> {
  const connections = pool(url, { max: clients, name: 'application' });
  const latencies: number[] = [];
  const began = performance.now() + 100;
  const each = async (client: number) => {
    for (let n = client; n < aSecond * seconds; n += clients) {
      const due = began + (n * 1_000) / aSecond;
      await sleep(Math.max(0, due - performance.now()));
      await request(connections, n);
      latencies.push(performance.now() - due);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => each(client)));
  await connections.end();
  return latencies;
}

const share = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;

interface Turn {
  latencies: number[];
  removed: number;
  /** how long each transaction took that removes rows */
  transactions: number[];
}

/** Load begins once it removes rows: a night's run looks at the other tables for a second, once, and works on this one for an hour. */
async function turn(url: string, db: Db, withRetention: boolean): Promise<Turn> {
  const stop = new AbortController();
  const transactions: number[] = [];
  const begun = Promise.withResolvers<void>();
  const before = await count(db);
  const removing = withRetention
    ? removeOld({
        db,
        signal: stop.signal,
        run: { id: randomUUID(), scheduledFor: null, attempt: 1 },
        commit: async (write) => {
          const began = performance.now();
          let removes = false;
          const result = await db.transaction().execute(async (trx) => {
            const value = await write(trx);
            removes = typeof value === 'object' && value !== null && 'seen' in value;
            return value;
          });
          if (removes) transactions.push(performance.now() - began);
          if (transactions.length === 3) begun.resolve();
          return result;
        },
      }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      })
    : Promise.resolve();
  if (withRetention) await Promise.race([begun.promise, removing]);
  const latencies = await load(url, turnSeconds);
  const after = await count(db);
  stop.abort();
  await removing;
  return { latencies, removed: withRetention ? before - after : 0, transactions };
}

/** Old rows, roughly: those that the clients write are new. */
const count = async (db: Db): Promise<number> =>
  (
    await sql<{
      count: number;
    }>`SELECT count(*)::int AS count FROM api_logs WHERE created_at < engine.now() - interval '90 days'`.execute(
      db,
    )
  ).rows[0]!.count;

const directory = await mkdtemp(join(tmpdir(), 'roundsman-bench-'));
await chmod(directory, 0o755);
const server = await startThrowaway(directory, { fsync: true });
try {
  const db = connect(server.url, { max: 4, name: 'retention', statementTimeoutMs: 0 });
  await migrateToLatest(db);
  await plant(db);
  console.log(await waitForDisk(directory));
  // Plans and pages are warm.
  await turn(server.url, db, false);
  const [without, beside]: [Turn[], Turn[]] = [[], []];
  for (let n = 0; n < turns; n += 1) {
    without.push(await turn(server.url, db, false));
    beside.push(await turn(server.url, db, true));
  }
  await db.destroy();
  const [p99, p99Beside] = [without, beside].map((list) =>
    share(
      list.flatMap(({ latencies }) => latencies),
      0.99,
    ),
  ) as [number, number];
  const all = (list: Turn[], part: number) =>
    share(
      list.flatMap(({ latencies }) => latencies),
      part,
    ).toFixed(1);
  // A turn that stands out was disturbed by something else.
  const eachTurn = (list: Turn[]) =>
    list.map(({ latencies }) => share(latencies, 0.99).toFixed(1)).join(', ');
  const transactions = beside.flatMap((each) => each.transactions);
  const removed = beside.reduce((sum, each) => sum + each.removed, 0);
  const longest = Math.max(0, ...transactions);
  console.log(
    `${inWords(rows)} rows of api_logs, ${cpus().length} CPUs, ${aSecond} requests a second from ${clients} clients, ${turns} turns of ${turnSeconds} s each:\n` +
      `p99 without retention ${p99.toFixed(1)} ms, beside it ${p99Beside.toFixed(1)} ms: ratio ${(p99Beside / p99).toFixed(2)}\n` +
      `of each turn: ${eachTurn(without)}; beside it ${eachTurn(beside)}\n` +
      `median ${all(without, 0.5)} and ${all(beside, 0.5)} ms, p99.9 ${all(without, 0.999)} and ${all(beside, 0.999)} ms\n` +
      `${inWords(removed)} rows removed (${inWords(Math.round(removed / (turns * turnSeconds)))} a second) in ${transactions.length} transactions: ` +
      `median ${share(transactions, 0.5).toFixed(0)} ms, longest ${longest.toFixed(0)} ms`,
  );
  if (isSmall) console.log('in small no goal counts');
  else if (p99Beside / p99 > maxRatio || longest >= maxLockMs) {
    console.log(`goal missed: at most ${maxRatio}, and below ${maxLockMs} ms`);
    process.exitCode = 1;
  }
} finally {
  await server.stop();
}
