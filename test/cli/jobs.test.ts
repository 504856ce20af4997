/** What the commands on jobs show. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';

test('jobs are listed with their next slots and their newest runs, also one that is not known here', async () => {
  const { db, url } = await testDatabase();
  const none = await roundsman(url, 'jobs', 'list', '-o', 'table');
  expect(none.out).toMatch(
    /^tidy +Remove old runs of jobs, messages, progress, deliveries, reports, changes of definitions and groups of errors +40 3 \* \* \* +in .* - +- +0 of 0$/m,
  );
  expect((await roundsman(url, 'jobs', 'show', 'tidy')).out).toContain('None yet');

  await sql`INSERT INTO engine.jobs (name) VALUES ('tidy'), ('later')`.execute(db);
  await sql`
    INSERT INTO engine.job_runs (job, status, attempt, queued_at, started_at, completed_at, reason, error_message, figures)
    SELECT 'tidy', status, attempt, engine.now() - queued, engine.now() - queued, engine.now() - queued + interval '1.2 s',
           reason, error, figures::jsonb
    FROM (VALUES ('success', 1, interval '2 hours', NULL, NULL, '{"job_runs": 12}'),
                 ('failed', 3, interval '1 day', 'job failed', E'no room\x1b[2J', NULL),
                 ('skipped', 0, interval '5 minutes', 'overlap', NULL, NULL))
      AS r (status, attempt, queued, reason, error, figures)`.execute(db);
  const { out } = await roundsman(url, 'jobs', 'list', '-o', 'table');
  expect(out).toMatch(/^later +- +- +not known here +- +- +0 of 0$/m);
  expect(out).toMatch(/^tidy .* success 2h ago +1\.2 s +1 of 2$/m);
  const listed = (await roundsman(url, 'jobs', 'list', '--json')).json() as { name: string }[];
  expect(listed.filter(({ name }) => ['later', 'tidy'].includes(name))).toMatchObject([
    { name: 'later', title: null, schedule: null, next_slot_at: null, job_runs: [] },
    {
      name: 'tidy',
      schedule: '40 3 * * *',
      next_slot_at: expect.stringMatching(/T03:40:00/),
      runs: 2,
      failures: 1,
      job_runs: [{ status: 'success', figures: { job_runs: 12 } }],
    },
  ]);

  const shown = await roundsman(url, 'jobs', 'show', 'tidy');
  expect(shown.out).toMatch(/^Failed +1 of 2 kept runs$/m);
  expect(shown.out).toMatch(/ skipped +- .* overlap$/m);
  expect(shown.out).toMatch(/ failed +3 of 3 .* job failed: no room\uFFFD\[2J$/m);
  expect(shown.out).toContain('{"job_runs":12}');
  const few = await roundsman(url, 'jobs', 'show', 'tidy', '--limit', '1', '--json');
  expect(few.json().job_runs).toMatchObject([{ status: 'skipped' }]);
  expect(few.err).toContain('only the first 1');

  const wrong = await roundsman(url, 'jobs', 'show', 'tdiy');
  expect(wrong.code).toBe(3);
  expect(wrong.err).toContain('did you mean tidy?');
});
