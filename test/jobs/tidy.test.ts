import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { tidy } from '../../jobs/tidy.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aJob, aRun, carried, jobRows, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

test('old runs of jobs go, but the newest ten of a job, what is running, and what failed lately stay', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [tidy],
    roles: ['scheduler'],
  });
  await registerJobs(
    db,
    ['daily', 'rare', 'busy', 'often'].map((name) => aJob(name, async () => {})),
  );
  // One a day, the newest of today.
  const add = (job: string, days: number, count: number) =>
    sql`
    INSERT INTO engine.job_runs (job, scheduled_for, status, queued_at, completed_at)
    SELECT ${job}, at, 'success', at, at
    FROM generate_series(0, ${count - 1}::int) n, LATERAL (SELECT engine.now() - make_interval(days => n + ${days}) AS at) t`.execute(
      db,
    );
  await add('daily', 0, 2_500);
  await add('rare', 100, 12);
  await sql`
    INSERT INTO engine.job_runs (job, status, queued_at, fence, lease_until, worker)
    SELECT 'busy', 'running', engine.now() - make_interval(days => 40 + n), n, engine.now() + interval '1 hour', 'another'
    FROM generate_series(1, 11) n`.execute(db);
  await sql`
    INSERT INTO engine.job_runs (job, status, queued_at, completed_at)
    SELECT 'often', CASE WHEN n % 100 = 0 THEN 'failed' ELSE 'success' END, at, at
    FROM generate_series(1, 3000) n, LATERAL (SELECT engine.now() - make_interval(mins => n) AS at) t`.execute(
    db,
  );
  await sql`
    INSERT INTO engine.remote_reports (request_id, bot_id, execution_id, attempt, lease_until, asked_at)
    SELECT 'request ' || days, gen_random_uuid(), gen_random_uuid(), 1, engine.now(), engine.now() - make_interval(days => days)
    FROM unnest('{1,3,9}'::int[]) days`.execute(db);
  const row = await carried(jobEngine, await aRun(db, tidy));
  expect(row).toMatchObject({
    status: 'success',
    figures: { job_runs: 2_500 - 30 + 2 + 2_000 - 20, remote_reports: 2 },
  });
  expect(await jobRows(db, 'daily')).toHaveLength(30);
  expect(await jobRows(db, 'rare')).toHaveLength(10);
  expect(await jobRows(db, 'busy')).toHaveLength(11);
  const often = await jobRows(db, 'often');
  expect(often).toHaveLength(1_000 + 20);
  expect(often.filter(({ status }) => status === 'failed')).toHaveLength(30);
});
