import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import { claimJobs } from '../../src/schedule/claim-jobs.ts';
import { parseSchedule } from '../../src/schedule/cron.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { movableClock } from '../support/clocks.ts';
import { startFlow } from '../support/engine.ts';
import { aJob, jobRows, noBots, owedSince } from './job-flow.ts';

const minutely = (handler = async () => ({})) => aJob('count', handler, { schedule: '* * * * *' });

async function known(...list: ReturnType<typeof aJob>[]) {
  const { db } = await testDatabase();
  await registerJobs(db, list);
  return db;
}

describe.each(backends)('on $name', (backend) => {
  test('two schedulers and two workers give a slot one row and one run', async () => {
    let runs = 0;
    const job = minutely(async () => ({ run: ++runs }));
    const first = await startFlow(backend, noBots, { jobs: [job] });
    const { db, url } = first;
    await startFlow(backend, noBots, { jobs: [job], database: { db, url, name: '' } });
    await owedSince(db, 'count', '1 minute');
    await expect
      .poll(async () => (await jobRows(db, 'count')).map(({ status }) => status))
      .toContain('success');
    const rows = await jobRows(db, 'count');
    const slots = new Set(rows.map(({ scheduled_for }) => scheduled_for!.getTime()));
    expect(slots.size).toBe(rows.length);
    expect(rows[0]).toMatchObject({ status: 'success', attempt: 1, figures: { run: 1 } });
    expect(runs).toBe(rows.filter(({ status }) => status === 'success').length);
  });
});

test('a slot that many schedulers claim at once is given to one of them', async () => {
  const job = minutely();
  const db = await known(job);
  await owedSince(db, 'count', '1 minute');
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimJobs(db, [job])));
  expect(claims.flatMap(({ failed }) => failed)).toEqual([]);
  expect(claims.flatMap(({ queued }) => queued)).toHaveLength(1);
  expect(await jobRows(db, 'count')).toHaveLength(1);
});

test('of missed slots the newest one is run; the others share one row that counts them', async () => {
  const job = aJob('count', async () => {}, { schedule: '0 * * * *' });
  const db = await known(job);
  await sql`UPDATE engine.jobs SET last_slot_at = date_trunc('hour', engine.now()) - interval '5 hours'`.execute(
    db,
  );
  expect(await claimJobs(db, [job])).toMatchObject({ queued: [{ generation: 1 }], skipped: 1 });
  const [missed, newest] = await jobRows(db, 'count');
  const hour = 3_600_000;
  expect(missed).toMatchObject({ status: 'skipped', reason: 'missed' });
  const { count, last } = missed!.figures as { count: number; last: string };
  expect(count).toBe(4);
  expect(new Date(last).getTime()).toBe(missed!.scheduled_for!.getTime() + 3 * hour);
  expect(newest).toMatchObject({ status: 'queued', reason: null });
  expect(newest!.scheduled_for!.getTime()).toBe(missed!.scheduled_for!.getTime() + 4 * hour);
  expect(await claimJobs(db, [job])).toEqual({ queued: [], skipped: 0, failed: [] });
});

test('a job that becomes known owes no slot of the time before, also when it is registered again', async () => {
  const job = minutely();
  const db = await known(job);
  await Promise.all([registerJobs(db, [job]), registerJobs(db, [job])]);
  expect((await claimJobs(db, [job])).skipped).toBe(0);
  expect((await jobRows(db, 'count')).length).toBeLessThan(2);
});

test('a slot of a job that is busy is skipped, with a row that says so', async () => {
  const job = minutely();
  const db = await known(job);
  await owedSince(db, 'count', '1 minute');
  await claimJobs(db, [job]);
  // The clock goes on to the next slot.
  await sql`
    UPDATE engine.job_runs SET scheduled_for = scheduled_for - interval '1 minute'`.execute(db);
  await owedSince(db, 'count', '1 minute');
  expect(await claimJobs(db, [job])).toMatchObject({ queued: [], skipped: 1 });
  expect(await jobRows(db, 'count')).toMatchObject([
    { status: 'queued' },
    { status: 'skipped', reason: 'overlap' },
  ]);
});

test('a schedule that cannot be read keeps no other job from its slot', async () => {
  const bad = aJob('bad', async () => {}, { schedule: 'every day' });
  const job = minutely();
  const db = await known(bad, job);
  await owedSince(db, 'count', '1 minute');
  const { queued, failed } = await claimJobs(db, [bad, job]);
  expect(queued).toHaveLength(1);
  expect(failed.map(({ job }) => job)).toEqual(['bad']);
});

test('every job has a name of its own, a schedule that can be read, and a slot that fits its payload', () => {
  expect(new Set(jobs.map(({ name }) => name)).size).toBe(jobs.length);
  for (const { name, schedule, payload, concurrency, maxAttempts, timeoutSeconds } of jobs) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    if (schedule === null) continue;
    parseSchedule(schedule, 'UTC');
    expect(payload.safeParse({}).success, name).toBe(true);
    expect(Math.min(concurrency, maxAttempts, timeoutSeconds)).toBeGreaterThan(0);
  }
});

test('where the newest claimed slot lies in the future, because a clock was set back, slots come again', async () => {
  const job = minutely();
  const db = await known(job);
  const setClock = await movableClock(db);
  await owedSince(db, 'count', '-100 years');
  expect((await claimJobs(db, [job])).queued).toEqual([]);
  await setClock(61);
  expect((await claimJobs(db, [job])).queued).toHaveLength(1);
});

test('a slot of no calendar is refused', async () => {
  const db = await known(minutely());
  for (const at of ['infinity', '-infinity', '0001-01-01'])
    await expect(
      sql`UPDATE engine.jobs SET last_slot_at = ${at}::timestamptz`.execute(db),
    ).rejects.toThrow(/check constraint/);
});
