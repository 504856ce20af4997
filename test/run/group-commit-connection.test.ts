/** What becomes of a flush whose connection is lost. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { LostRunError } from '../../src/data/bots/fence.ts';
import { testDatabase } from '../support/database.ts';
import { queuedRun, rowOf } from '../support/runs.ts';
import {
  aRunWriter,
  endWithBrokenDisk,
  ending,
  makeBots,
  saw,
  totals,
  underWay,
} from './group-commit-runs.ts';
import { aWire } from './group-commit-wire.ts';

// As PostgreSQL names what it has done, the end of the text included.
const committed = { after: 'COMMIT\0' };
const notCommitted = { before: 'COMMIT\0' };

async function wired(bots: number) {
  const database = await testDatabase();
  await makeBots(database.db, bots);
  const wire = await aWire(database.url);
  return { db: database.db, wire, writer: aRunWriter(wire.url) };
}

test.each([
  ['was done and not heard of', committed],
  ['never arrived', notCommitted],
])('runs whose COMMIT %s are ended once', async (_, cut) => {
  const { db, wire, writer } = await wired(8);
  const runs = await underWay(db);
  wire.arm(cut);
  const ends = await Promise.all(runs.map((run) => endWithBrokenDisk(writer, run)));
  expect(wire.cuts()).toBe(1);
  expect(ends).toEqual(
    runs.map(() => ({ status: 'success', findings: 1, retry: null, next: null })),
  );
  expect(await totals(db)).toMatchObject({
    succeeded: 8,
    total_runs: 8,
    findings: 8,
    occurrences: 8,
    remembered: 8,
    tickets: 8,
    ticket_occurrences: 8,
    ticket_events: 8,
  });
});

test('a record whose COMMIT was not answered is written once, and its findings are returned', async () => {
  const { db, wire, writer } = await wired(3);
  const runs = await underWay(db);
  wire.arm(committed);
  const recorded = await Promise.all(
    runs.map((run) => writer.record(run, saw(['disk', 'cpu'], ['disk']))),
  );
  expect(wire.cuts()).toBe(1);
  expect(recorded).toMatchObject(
    runs.map(() => ({ open: [{ component_key: 'disk', occurrences: 1 }] })),
  );
  expect(await totals(db)).toMatchObject({
    running: 3,
    findings: 3,
    occurrences: 3,
    remembered: 3,
  });
});

test('a retry whose COMMIT was not answered is returned with its generation', async () => {
  const { db, wire, writer } = await wired(1);
  const [run] = await underWay(db, 1, { maxAttempts: 3 });
  wire.arm(committed);
  const failed = ending([], { status: 'failed', reason: 'check errored', error: 'no' });
  const { retry } = await writer.end(run!, failed);
  expect(wire.cuts()).toBe(1);
  expect(retry).toMatchObject({ generation: 2 });
  expect(retry!.delayMs).toBeGreaterThan(3_000);
  expect(await rowOf(db, run!.id)).toMatchObject({ status: 'queued', generation: 2 });
});

test.each([
  [
    'took it over',
    sql`status = 'queued', lease_until = NULL, reason = 'worker lost', error_message = 'the lease ran out', generation = 2`,
  ],
  [
    'ended it',
    sql`status = 'failed', lease_until = NULL, reason = 'worker lost', error_message = 'the lease ran out', completed_at = now(), execution_time_ms = 1`,
  ],
  [
    'gave it back',
    sql`status = 'queued', lease_until = NULL, reason = 'given back', attempt = 0, generation = 2`,
  ],
  ['started it again', sql`fence = nextval('engine.fence')`],
])('a run whose flush was cut off is lost when somebody %s meanwhile', async (_, change) => {
  const { db, wire, writer } = await wired(1);
  const [run] = await underWay(db, 1, { maxAttempts: 3 });
  wire.arm({ ...notCommitted, stays: true });
  const ended = writer.end(run!, ending([], { status: 'failed', reason: 'check errored' }));
  ended.catch(() => {});
  await expect.poll(wire.cuts).toBe(1);
  await sql`UPDATE bot_executions SET ${change}`.execute(db);
  wire.letThrough();
  await expect(ended).rejects.toThrow(LostRunError);
  expect(await totals(db)).toMatchObject({ total_runs: 0 });
});

test('a run whose start was not answered is executed by the worker that started it', async () => {
  const { db, wire, writer } = await wired(1);
  const id = await queuedRun(db, 'bot-1');
  wire.arm({ after: 'SELECT 1\0' });
  expect(await writer.start({ id, generation: 1 })).toMatchObject({ id, attempt: 1 });
  expect(wire.cuts()).toBe(1);
  expect(await rowOf(db, id)).toMatchObject({ status: 'running', attempt: 1 });
});

test('connections that the server kills again and again lose nothing and double nothing', async () => {
  const { db, url } = await testDatabase();
  await makeBots(db, 40);
  const writer = aRunWriter(url);
  const runs = await underWay(db, 5);
  let going = true;
  let killed = 0;
  async function kill() {
    while (going) {
      // While a connection is in use, so that it is lost in the middle of a flush.
      const { rows } = await sql<{ killed: boolean }>`
        SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'roundsman run writer' AND state <> 'idle'
        LIMIT 1`.execute(db);
      killed += rows.length;
      if (killed >= 12) return;
    }
  }
  const killing = kill();
  const ends = await Promise.all(runs.map((run) => endWithBrokenDisk(writer, run)));
  going = false;
  await killing;
  expect(killed).toBeGreaterThan(3);
  expect(writer.logged.filter(({ fault }) => fault === 'disconnected').length).toBeGreaterThan(0);
  expect(ends.every(({ status }) => status === 'success')).toBe(true);
  expect(await totals(db)).toMatchObject({
    succeeded: 200,
    running: 0,
    total_runs: 200,
    findings: 40,
    tickets: 40,
  });
});
