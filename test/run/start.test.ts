import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { performRun } from '../../src/run/perform.ts';
import { cancelRun } from '../../src/transitions/runs/cancel.ts';
import { whileHeld } from '../support/held.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { queuedRun, rowOf, run } from '../support/runs.ts';

const known = catalogue([
  aBot('single', async () => clean('x')),
  aBot('pair', async () => clean('x')),
]);
let database: TestDatabase;
const engine = () => anEngine({ name: 'postgres' }, known, { database });

beforeAll(async () => {
  database = await testDatabase();
});

test('a start takes an attempt, a new fence, a lease and the name of its worker', async () => {
  const one = await engine();
  const id = await queuedRun(one.db, 'pair');
  const started = await one.writer.start({ id, generation: 1 });
  const row = await rowOf(one.db, id);
  expect(row).toMatchObject({ status: 'running', attempt: 1, worker: one.worker, reason: null });
  expect(row.lease_until!.getTime()).toBeGreaterThan(Date.now());
  expect(started).toMatchObject({ id, fence: row.fence, attempt: 1 });
  await sql`DELETE FROM bot_executions`.execute(one.db);
});

test.each([
  ['of another generation', { generation: 2 }],
  ['whose time has not come', { run_after: new Date(Date.now() + 60_000) }],
  ['that was asked to stop', { cancel_requested_at: new Date() }],
  ['that is running', { status: 'running', fence: 1, lease_until: new Date(), worker: 'w' }],
  ['that has ended', { status: 'success', completed_at: new Date() }],
])('a run %s is not started', async (_, values) => {
  const one = await engine();
  const id = await queuedRun(one.db, 'pair', values);
  const before = await rowOf(one.db, id);
  expect(await one.writer.start({ id, generation: 1 })).toBeNull();
  expect(await rowOf(one.db, id)).toEqual(before);
  await sql`DELETE FROM bot_executions`.execute(one.db);
});

test('a run that a person asked to cancel while its row was locked is not started', async () => {
  const one = await engine();
  const id = await queuedRun(one.db, 'pair');
  await whileHeld(one.db, sql`SELECT FROM bot_executions WHERE id = ${id}::uuid`, () =>
    cancelRun(one.db, id, null),
  );
  expect(await one.writer.start({ id, generation: 1 })).toBeNull();
  expect(await rowOf(one.db, id)).toMatchObject({ status: 'queued', attempt: 0 });
  await sql`DELETE FROM bot_executions`.execute(one.db);
});

test.each([
  ['no id', { generation: 1 }],
  ['an id that is no text', { id: 7, generation: 1 }],
  ['no generation', { id: '00000000-0000-4000-8000-000000000001' }],
])('an entry of the queue with %s is dropped, and nothing is asked', async (_, entry) => {
  const one = await engine();
  const asked: unknown[] = [];
  const writer = { ...one.writer, start: async (of: unknown) => void asked.push(of) } as never;
  await performRun({ ...one, writer }, entry as never);
  expect(asked).toEqual([]);
});

test('when many workers start one run, one of them does', async () => {
  const one = await engine();
  const id = await queuedRun(one.db, 'single');
  const starts = await Promise.all(
    Array.from({ length: 8 }, () => one.writer.start({ id, generation: 1 })),
  );
  expect(starts.filter(Boolean)).toHaveLength(1);
  expect(await rowOf(one.db, id)).toMatchObject({ attempt: 1 });
  await sql`DELETE FROM bot_executions`.execute(one.db);
});

test.each([
  ['single', 1],
  ['pair', 2],
])(
  'of eight runs of %s that start at once, %i get a place and the others stay queued',
  async (bot, places) => {
    const one = await engine();
    await sql`UPDATE bots SET concurrency = ${places} WHERE name = ${bot}`.execute(one.db);
    const ids = await Promise.all(Array.from({ length: 8 }, () => queuedRun(one.db, bot)));
    const starts = await Promise.all(ids.map((id) => one.writer.start({ id, generation: 1 })));
    expect(starts.filter(Boolean)).toHaveLength(places);
    const rows = await Promise.all(ids.map((id) => rowOf(one.db, id)));
    expect(rows.filter(({ status }) => status === 'queued')).toHaveLength(8 - places);
    expect(rows.filter(({ attempt }) => attempt === 0)).toHaveLength(8 - places);
    await sql`DELETE FROM bot_executions`.execute(one.db);
  },
);

test('the run that frees a place queues the one that was refused', async () => {
  const one = await engine();
  const waiting = await queuedRun(one.db, 'single');
  const place = await queuedRun(one.db, 'single', {
    status: 'running',
    fence: 1,
    lease_until: new Date(Date.now() + 60_000),
    worker: 'w',
  });
  expect(await one.writer.start({ id: waiting, generation: 1 })).toBeNull();
  await sql`UPDATE bot_executions SET status = 'success', completed_at = now() WHERE id = ${place}`.execute(
    one.db,
  );
  await run(one, 'single');
  expect(await one.queue.entryState({ id: waiting, generation: 2 })).toBe('waiting');
  expect(await rowOf(one.db, waiting)).toMatchObject({
    status: 'queued',
    generation: 2,
    attempt: 0,
  });
});

describe('the run that frees a place', () => {
  /** Which of the waiting runs it queues; each run is given by its values. */
  async function next(...waiting: object[]) {
    const one = await engine();
    await sql`DELETE FROM bot_executions`.execute(one.db);
    const ids: string[] = [];
    for (const values of waiting) ids.push(await queuedRun(one.db, 'single', values));
    const id = await queuedRun(one.db, 'single', { queued_at: new Date(0) });
    const ending = (await one.writer.start({ id, generation: 1 }))!;
    const ended = await one.writer.end(ending, {
      status: 'success',
      reason: null,
      error: null,
      outcomes: [],
      findings: 0,
      actions: 0,
      healingDone: true,
    });
    await sql`DELETE FROM bot_executions`.execute(one.db);
    return ended.next && { ...ended.next, id: ids.indexOf(ended.next.id) };
  }

  test('lets the one that waits go first: it has waited in the queue before', async () => {
    expect(await next({})).toMatchObject({ id: 0, generation: 2, first: true });
  });

  test('passes over no retry whose time has come', async () => {
    const before = { attempt: 1, queued_at: new Date(1_000) };
    expect(await next({ ...before, run_after: new Date(2_000) }, {})).toMatchObject({ id: 0 });
    expect(await next({ ...before, run_after: new Date(Date.now() + 60_000) }, {})).toMatchObject({
      id: 1,
    });
  });

  test('does not queue a run that a person asked to cancel', async () => {
    expect(
      await next({ cancel_requested_at: new Date(), queued_at: new Date(1_000) }, {}),
    ).toMatchObject({ id: 1 });
  });
});

test('a start reads the runs that it was asked for, however many are queued since the table was last analysed', async () => {
  const { db } = await testDatabase();
  await sql`
    WITH bot AS (
      INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
      VALUES ('busy', 'Busy', '* * * * *', 'bot:single') RETURNING id
    )
    INSERT INTO bot_executions (bot_id, status, trigger, started_at, completed_at)
    SELECT id, 'success', 'manual', now(), now() FROM bot, generate_series(1, 2000)`.execute(db);
  await sql`ANALYZE bot_executions`.execute(db);
  await db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      INSERT INTO bot_executions (bot_id, status, trigger, generation, started_at, queued_at)
      SELECT id, 'queued', 'manual', 1, now(), now() FROM bots, generate_series(1, 5000)
      WHERE name = 'busy' RETURNING id`.execute(trx);
    const reads = async () => {
      const { rows: tables } = await sql<{ read: number }>`
        SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_xact_user_tables
        WHERE relid = 'bot_executions'::regclass`.execute(trx);
      return tables[0]!.read;
    };
    const before = await reads();
    const ids = [rows[0]!.id, rows[4_999]!.id];
    const started = await sql`
      SELECT FROM engine.start_runs(${ids}::uuid[], '{1,1}', 'w', interval '5 seconds')`.execute(
      trx,
    );
    expect(started.rows).toHaveLength(1);
    expect((await reads()) - before).toBeLessThan(100);
  });
});
