/** What a run of a job has done is known although its worker is killed. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { performJob } from '../../src/run/jobs/perform-job.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { takeOverJobs } from '../../src/transitions/jobs/take-over.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aJob, aRun, carried, jobRow, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

test('what it reports is in its row while it runs, and stays known when another worker takes it over', async () => {
  let attempts = 0;
  const job = aJob('counts', async ({ report, signal }) => {
    attempts += 1;
    if (attempts === 2) return { removed: 2 };
    report(() => ({ removed: 7 }));
    await new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    );
    return {};
  });
  const { db, jobEngine } = await startFlow(postgres, noBots, { jobs: [job], roles: [] });
  await registerJobs(db, [job]);
  const entry = await aRun(db, job);
  const first = performJob(jobEngine, entry);
  await expect
    .poll(async () => (await jobRow(db, entry.id)).figures, { timeout: 20_000 })
    .toEqual({ removed: 7 });
  // As where its worker is killed: its lease runs out, before it can renew it.
  const takenOver = async () => {
    await sql`UPDATE engine.job_runs SET lease_until = engine.now() - interval '1 second' WHERE id = ${entry.id}`.execute(
      db,
    );
    return takeOverJobs(db, 10);
  };
  let again = await takenOver();
  for (; again.length === 0;) again = await takenOver();
  await first;
  // Its entry was not put into the queue: rescue may have queued it again.
  const { generation } = await jobRow(db, entry.id);
  expect(await carried(jobEngine, { ...entry, generation })).toMatchObject({
    status: 'success',
    attempt: 2,
    figures: { removed: 2, earlier_attempts: [{ removed: 7 }] },
  });
});
