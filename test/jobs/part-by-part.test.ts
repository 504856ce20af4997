/** What the database refuses of one part of a job keeps no other part from being done, and fails the run at the end. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { leaderboards } from '../../jobs/leaderboards.ts';
import { rollup } from '../../jobs/rollup.ts';
import { subscriptions } from '../../jobs/subscriptions.ts';
import { tidy } from '../../jobs/tidy.ts';
import type { Job } from '../../src/contract/job.ts';
import type { Db } from '../../src/database/connect.ts';
import { addSubscription } from '../../src/demo/faults/money-rows.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';
import { addLogs } from './retention-scene.ts';

const [postgres] = backends as [Backend];

/** From now on a trigger of the platform's own refuses this. */
async function refuse(db: Db, what: string, on: string, when = 'true'): Promise<void> {
  await sql`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no row is to change'; END $$`.execute(
    db,
  );
  await sql`CREATE TRIGGER a_refusal BEFORE ${sql.raw(what)} ON ${sql.table(on)} FOR EACH ROW WHEN (${sql.raw(when)}) EXECUTE FUNCTION refuse()`.execute(
    db,
  );
}

async function scene(job: Job) {
  const flow = await startFlow(postgres, noBots, { jobs: [job], roles: [] });
  await registerJobs(flow.db, [job]);
  return { db: flow.db, run: async () => carried(flow.jobEngine, await aRun(flow.db, job)) };
}

const refusal = (part: string, many = 'one') =>
  expect.stringMatching(
    `^${many} of \\d+ parts could not be done; the others were: ${part}: no row is to change$`,
  );

test('rollup adds up the kinds after the one that is refused', async () => {
  const { db, run } = await scene(rollup);
  for (const table of ['api_logs', 'user_activity_log']) await addLogs(db, table, 1, 3);
  await refuse(db, 'INSERT', 'engine.rollups', `NEW.kind = 'endpoint'`);
  expect(await run()).toMatchObject({ error_message: refusal('the figures of the kind endpoint') });
  const { rows } = await sql`
    SELECT kind, events FROM engine.rollups WHERE period = 'day'`.execute(db);
  expect(rows).toEqual([{ kind: 'activity', events: '3' }]);
});

test('tidy removes what comes after what is refused', async () => {
  const { db, run } = await scene(tidy);
  await sql`
    INSERT INTO engine.job_runs (job, status, queued_at, completed_at)
    SELECT 'tidy', 'success', at, at
    FROM generate_series(0, 40) n, LATERAL (SELECT engine.now() - make_interval(days => n * 2) AS at) t`.execute(
    db,
  );
  await sql`
    INSERT INTO engine.remote_reports (request_id, bot_id, execution_id, attempt, lease_until, asked_at)
    SELECT 'request', gen_random_uuid(), gen_random_uuid(), 1, engine.now(), engine.now() - make_interval(days => 9)`.execute(
    db,
  );
  await refuse(db, 'DELETE', 'engine.job_runs');
  expect(await run()).toMatchObject({ error_message: refusal('runs of jobs') });
  expect((await sql`SELECT FROM engine.remote_reports`.execute(db)).rows).toEqual([]);
});

test('leaderboards ranks the games after the one that is refused', async () => {
  const { db, run } = await scene(leaderboards);
  const games = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  for (const game of games) {
    await sql`INSERT INTO games_catalog (id, slug, name, category) VALUES (${game}, ${game}, 'x', 'x')`.execute(
      db,
    );
    for (const score of [5, 7])
      await sql`
        INSERT INTO game_leaderboards (game_id, user_id, score, achieved_at)
        VALUES (${game}, ${await addUser(db)}, ${score}, engine.now())`.execute(db);
  }
  await refuse(db, 'UPDATE', 'game_leaderboards', `NEW.game_id = '${games[0]}'`);
  expect(await run()).toMatchObject({ error_message: refusal(`the game ${games[0]}`) });
  const { rows } = await sql`
    SELECT game_id, rank FROM game_leaderboards ORDER BY game_id, score DESC`.execute(db);
  expect(rows).toEqual([
    { game_id: games[0], rank: null },
    { game_id: games[0], rank: null },
    { game_id: games[1], rank: 1 },
    { game_id: games[1], rank: 2 },
  ]);
});

test('subscriptions end beside one that is refused', async () => {
  const { db, run } = await scene(subscriptions);
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
  const users: string[] = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const user_id = await addUser(db, {
      subscription_status: 'active',
      subscription_tier: 'standard',
    });
    users.push(user_id);
    await addSubscription(db, ago(1), {
      user_id,
      cancel_at_period_end: true,
      current_period_start: ago(40),
      current_period_end: ago(9),
    });
  }
  await refuse(db, 'UPDATE', 'profiles', `NEW.id = '${users[1]}'`);
  expect(await run()).toMatchObject({ error_message: refusal('the subscription [0-9a-f-]+') });
  const { rows } = await sql<{ status: string; profile: string }>`
    SELECT s.status, p.subscription_status AS profile FROM subscriptions s JOIN profiles p ON p.id = s.user_id
    ORDER BY array_position(${users}::uuid[], p.id)`.execute(db);
  expect(rows.map(({ status, profile }) => [status, profile])).toEqual([
    ['expired', 'expired'],
    ['active', 'active'],
    ['expired', 'expired'],
  ]);
});
