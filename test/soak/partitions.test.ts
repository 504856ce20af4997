/** The statements of docs/capacity.md make of a table of logs a partitioned one, and all that reads and writes it goes on. */
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { surveyor } from '../../bots/surveyor.ts';
import { retention } from '../../jobs/retention.ts';
import { rollup } from '../../jobs/rollup.ts';
import type { Figures, JobContext } from '../../src/contract/job.ts';
import { asUser } from '../../src/database/as-user.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { runCheck } from '../support/check.ts';
import { stillClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';

const page = (): Promise<string> =>
  readFile(new URL('../../docs/capacity.md', import.meta.url), 'utf8');

/** The statements of each block of the page, by the word behind `sql`. */
async function blocks(): Promise<Map<string, string>> {
  return new Map(
    [...(await page()).matchAll(/```sql ([a-z-]+)\n([\s\S]*?)```/g)].map(([, name, text]) => [
      name!,
      text!,
    ]),
  );
}

/** Sends each statement by itself, as a person does. */
async function send(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of text.split(/;\s*\n/).filter((each) => each.trim() !== ''))
      await client.query(statement);
  } finally {
    await client.end();
  }
}

const addRequests = (db: Db, from: string, rows: number) =>
  sql`
  INSERT INTO api_logs (endpoint, method, status_code, response_time_ms, created_at)
  SELECT '/api/' || n % 5, 'GET', CASE WHEN n % 10 = 0 THEN 500 ELSE 200 END, n, ${from}::timestamptz + n * interval '1 second'
  FROM generate_series(1, ${rows}::int) n`.execute(db);

const count = async (db: Db, of = sql`api_logs`): Promise<number> =>
  (await sql<{ n: number }>`SELECT count(*)::int AS n FROM ${of}`.execute(db)).rows[0]!.n;

async function runJob(db: Db, job: typeof rollup | typeof retention): Promise<Figures> {
  const context = {
    db,
    commit: (write: (trx: never) => Promise<unknown>) =>
      db.transaction().execute(write as (trx: unknown) => Promise<unknown>),
    signal: new AbortController().signal,
    run: { id: '00000000-0000-4000-8000-000000000000', scheduledFor: null, attempt: 1 },
  };
  return (await job.handler(context as unknown as JobContext, {})) ?? {};
}

test('a table of logs becomes a partitioned one without a copy, and old months go as a whole', async () => {
  const { db, url } = await testDatabase();
  const setTime = await stillClock(db, '2026-04-20T10:30:00Z');
  const statements = await blocks();
  await addRequests(db, '2026-03-01T00:00:00Z', 1_000);
  await addRequests(db, '2026-04-20T09:00:00Z', 500);
  await sql`INSERT INTO api_logs (endpoint, method, status_code, created_at) VALUES ('/api/x', 'GET', 200, NULL)`.execute(
    db,
  );
  await sql`UPDATE api_logs SET created_at = '2026-04-19' WHERE created_at IS NULL`.execute(db);
  const { rows: filesBefore } = await sql`SELECT pg_relation_filepath('api_logs') AS path`.execute(
    db,
  );

  await send(url, statements.get('before')!);
  await send(url, statements.get('switch')!);
  expect(await count(db)).toBe(1_501);
  const { rows: filesAfter } = await sql`
    SELECT pg_relation_filepath('log_partitions.api_logs_before') AS path`.execute(db);
  expect(filesAfter).toEqual(filesBefore);

  // What comes now is in the partition of its month, or in the rest.
  await addRequests(db, '2026-05-02T09:00:00Z', 100);
  await addRequests(db, '2027-01-01T00:00:00Z', 10);
  expect(await count(db, sql`log_partitions.api_logs_2026_05`)).toBe(100);
  expect(await count(db, sql`log_partitions.api_logs_rest`)).toBe(10);
  await send(url, statements.get('each-month')!);
  await addRequests(db, '2026-06-02T09:00:00Z', 7);
  expect(await count(db, sql`log_partitions.api_logs_2026_06`)).toBe(7);

  // The engine's job adds up what is in any partition.
  await setTime('2026-05-02T10:30:00Z');
  await runJob(db, rollup);
  const { rows: added } = await sql`
    SELECT sum(events)::int AS events FROM engine.rollups WHERE kind = 'endpoint' AND period = 'hour'`.execute(
    db,
  );
  expect(added).toEqual([{ events: 601 }]);

  // No role of the platform reads a partition by its own name, and checks read the table.
  for (const role of ['anon', 'authenticated'])
    await expect(
      db.transaction().execute(async (trx) => {
        await sql`SET LOCAL ROLE ${sql.ref(role)}`.execute(trx);
        await sql`SELECT FROM log_partitions.api_logs_before`.execute(trx);
      }),
    ).rejects.toThrow('permission denied');
  const user = '00000000-0000-4000-8000-000000000001';
  expect(await asUser(db, { sub: user, role: 'authenticated' }, (trx) => count(trx))).toBe(0);
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  expect(await count(reader)).toBe(1_618);

  // Retention removes single rows of any partition: here those of March, in July.
  await setTime('2026-07-10T10:30:00Z');
  await runJob(db, retention);
  expect(await count(db)).toBe(618);
  expect(await count(db, sql`log_partitions.api_logs_before`)).toBe(501);

  // What is old goes at once.
  await send(url, statements.get('drop')!);
  expect(await count(db)).toBe(117);

  // Retention rests two hundred times as long as it works.
}, 300_000);

test('surveyor names what differs of a partitioned table, and is silent about what the page has one put into its setting', async () => {
  const { url } = await testDatabase();
  const statements = await blocks();
  await send(url, statements.get('before')!);
  await send(url, statements.get('switch')!);
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const survey = async (config: Record<string, unknown>): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const { name } of surveyor.checks) {
      const { findings } = await runCheck(surveyor, name, reader, config);
      found.push(...findings.map(({ metadata }) => metadata!.part));
    }
    return found;
  };
  const [, line] = /--set ignored_parts='(\[.*\])'/.exec(await page())!;
  const parts = JSON.parse(line!) as string[];
  expect((await survey({})).toSorted()).toEqual(parts.toSorted());
  expect(await survey({ ignored_parts: parts })).toEqual([]);
});
