import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { LostRunError } from '../../src/data/bots/fence.ts';
import type { Db } from '../../src/database/connect.ts';
import { queuedRun, rowOf } from '../support/runs.ts';
import {
  aDatabase,
  aRunWriter,
  endWithBrokenDisk,
  ending,
  isWaiting,
  saw,
  totals,
  underWay,
} from './group-commit-runs.ts';

/** Transactions that wrote the rows of these runs. */
async function commits(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(DISTINCT xmin::text)::int AS count FROM bot_executions WHERE status <> 'queued'`.execute(
    db,
  );
  return rows[0]!.count;
}

test('runs that end at once share a commit', async () => {
  const { db, url } = await aDatabase(60);
  const writer = aRunWriter(url);
  const runs = await underWay(db);
  await Promise.all(runs.map((run) => endWithBrokenDisk(writer, run)));
  expect(await totals(db)).toMatchObject({ succeeded: 60, occurrences: 60, tickets: 60 });
  expect(await commits(db)).toBe(1);
});

test('what arrives while the lanes are busy goes into the next flush', async () => {
  const { db, url } = await aDatabase(30);
  const writer = aRunWriter(url, 1);
  const runs = await underWay(db);
  let all: Promise<unknown> = Promise.resolve();
  await db.transaction().execute(async (trx) => {
    await sql`SELECT FROM bots WHERE id = ${runs[0]!.bot.id}::uuid FOR NO KEY UPDATE`.execute(trx);
    const first = endWithBrokenDisk(writer, runs[0]!);
    await expect.poll(isWaiting(db)).toBe(1);
    all = Promise.all([first, ...runs.slice(1).map((run) => endWithBrokenDisk(writer, run))]);
  });
  await all;
  expect(await totals(db)).toMatchObject({ succeeded: 30 });
  expect(await commits(db)).toBe(2);
});

test('a flush that is held up does not hold up those that come after it', async () => {
  const { db, url } = await aDatabase(30);
  const writer = aRunWriter(url);
  const runs = await underWay(db);
  let first: Promise<unknown> = Promise.resolve();
  await db.transaction().execute(async (trx) => {
    await sql`SELECT FROM bots WHERE id = ${runs[0]!.bot.id}::uuid FOR NO KEY UPDATE`.execute(trx);
    first = endWithBrokenDisk(writer, runs[0]!);
    await expect.poll(isWaiting(db)).toBe(1);
    await Promise.all(runs.slice(1).map((run) => endWithBrokenDisk(writer, run)));
    expect(await totals(db)).toMatchObject({ succeeded: 29 });
  });
  await first;
  expect(await totals(db)).toMatchObject({ succeeded: 30 });
  expect(writer.logged, 'nobody has waited for too long').toEqual([]);
  expect(await commits(db), 'the others went together').toBe(2);
});

test('two runs of one bot are not in one flush, and both count', async () => {
  const { db, url } = await aDatabase(3);
  const writer = aRunWriter(url);
  const runs = await underWay(db, 2);
  await Promise.all(runs.map((run) => endWithBrokenDisk(writer, run)));
  expect(await totals(db)).toMatchObject({
    succeeded: 6,
    total_runs: 6,
    findings: 3,
    occurrences: 6,
    remembered: 6,
    tickets: 3,
    ticket_occurrences: 6,
  });
  expect(writer.logged, 'no flush was refused').toEqual([]);
});

test('a run that was taken over is told so, and the others in its flush are written', async () => {
  const { db, url } = await aDatabase(10);
  const writer = aRunWriter(url);
  const runs = await underWay(db);
  const [taken] = runs;
  await sql`UPDATE bot_executions SET fence = nextval('engine.fence') WHERE id = ${taken!.id}::uuid`.execute(
    db,
  );
  const ends = await Promise.allSettled(runs.map((run) => endWithBrokenDisk(writer, run)));
  expect(ends[0]).toMatchObject({ status: 'rejected', reason: expect.any(LostRunError) });
  expect(ends.slice(1).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await totals(db)).toMatchObject({ succeeded: 9, running: 1, findings: 9, total_runs: 9 });
});

test('a run that the server refuses fails alone', async () => {
  const { db, url } = await aDatabase(10);
  const writer = aRunWriter(url);
  const runs = await underWay(db);
  const bad = saw(['disk'], ['disk'], { check: 'bad\0name' });
  const ends = await Promise.allSettled([
    ...runs.slice(0, 5).map((run) => endWithBrokenDisk(writer, run)),
    writer.recordAndEnd(runs[5]!, bad, ending(bad)),
    ...runs.slice(6).map((run) => endWithBrokenDisk(writer, run)),
  ]);
  expect(ends.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(
    1,
  );
  expect(ends[5]).toMatchObject({ status: 'rejected', reason: { code: '22P05' } });
  expect(await totals(db)).toMatchObject({ succeeded: 9, running: 1, findings: 9, total_runs: 9 });
  expect(writer.logged[0], 'all were in one flush').toMatchObject({ runs: 10, fault: 'refused' });
  expect(await writer.end(runs[5]!, ending([], { status: 'failed' }))).toMatchObject({
    status: 'failed',
    retry: null,
  });
});

test('a failed attempt with attempts left goes back to the queue, unless somebody asked to cancel', async () => {
  const { db, url } = await aDatabase(2);
  const writer = aRunWriter(url);
  const [again, cancelled] = await underWay(db, 1, { maxAttempts: 3 });
  await sql`UPDATE bot_executions SET cancel_requested_at = engine.now() WHERE id = ${cancelled!.id}::uuid`.execute(
    db,
  );
  const failed = ending([], { status: 'failed', reason: 'check errored', error: 'no route' });
  const [one, two] = await Promise.all([again!, cancelled!].map((run) => writer.end(run, failed)));
  expect(one).toMatchObject({ status: 'failed', retry: { generation: 2, priority: 0 } });
  expect(await rowOf(db, again!.id)).toMatchObject({
    status: 'queued',
    generation: 2,
    reason: 'check errored',
    error_message: 'no route',
    lease_until: null,
    completed_at: null,
  });
  expect(two).toMatchObject({ status: 'cancelled', retry: null });
  expect(await rowOf(db, cancelled!.id)).toMatchObject({
    status: 'cancelled',
    reason: 'cancelled',
  });
  expect(await totals(db)).toMatchObject({ total_runs: 1, successful_runs: 0 });
});

test('a verify run moves no counters of its bot', async () => {
  const { db, url } = await aDatabase(1);
  const writer = aRunWriter(url);
  const [run] = await underWay(db, 1, { trigger: 'verify' });
  await endWithBrokenDisk(writer, run!);
  expect(await totals(db)).toMatchObject({ succeeded: 1, total_runs: 0 });
});

test('the end of a run names its own findings, and the run of its bot that waits for the place', async () => {
  const { db, url } = await aDatabase(2);
  const writer = aRunWriter(url);
  const [run, other] = await underWay(db);
  const waiting = await queuedRun(db, 'bot-1');
  expect(await endWithBrokenDisk(writer, run!)).toMatchObject({
    status: 'success',
    findings: 1,
    next: { id: waiting, generation: 2, priority: 0 },
  });
  expect(await endWithBrokenDisk(writer, other!)).toMatchObject({ findings: 1, next: null });
  expect(await rowOf(db, run!.id)).toMatchObject({ issues_found: 1 });
});

test('starts that come at once share a commit, and of one bot only as many start as there are places', async () => {
  const { db, url } = await aDatabase(20);
  await sql`UPDATE bots SET concurrency = 2`.execute(db);
  const ids: string[] = [];
  for (let each = 0; each < 4; each++)
    for (let bot = 1; bot <= 20; bot++) ids.push(await queuedRun(db, `bot-${bot}`));
  const [one, two] = [aRunWriter(url), aRunWriter(url)];
  const started = await Promise.all(
    ids.map((id, at) => (at % 2 ? one : two).start({ id, generation: 1 })),
  );
  const runs = started.filter((run) => run !== null);
  expect(runs).toHaveLength(40);
  expect(
    Object.values(Object.groupBy(runs, ({ bot }) => bot.name)).map((each) => each!.length),
  ).toEqual(Array.from({ length: 20 }, () => 2));
  expect(runs[0]).toMatchObject({ attempt: 1, trigger: 'manual', timeoutMs: 60_000 });
  expect(new Set(runs.map(({ fence }) => fence)).size).toBe(40);
  expect(await commits(db)).toBeLessThanOrEqual(4);
});

test('a closed writer takes nothing more, and what it had taken is written', async () => {
  const { db, url } = await aDatabase(5);
  const writer = aRunWriter(url);
  const runs = await underWay(db);
  const ends = runs.slice(1).map((run) => endWithBrokenDisk(writer, run));
  const closed = writer.close();
  await expect(endWithBrokenDisk(writer, runs[0]!)).rejects.toThrow('closed');
  await closed;
  await Promise.all(ends);
  expect(await totals(db)).toMatchObject({ succeeded: 4 });
});
