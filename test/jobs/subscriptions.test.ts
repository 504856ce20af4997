/** The job `subscriptions`, and what the guardian says of the same rows. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { guardian } from '../../bots/guardian.ts';
import { subscriptions } from '../../jobs/subscriptions.ts';
import { recordSubscription } from '../../src/data/credits/subscriptions.ts';
import { writeSetting } from '../../src/data/settings/rows.ts';
import type { Db } from '../../src/database/connect.ts';
import { addSubscription } from '../../src/demo/faults/money-rows.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { graceSettings } from '../../src/services/subscriptions/expire.ts';
import { insertBot } from '../cli/rows.ts';
import { backends, type Backend } from '../support/backends.ts';
import { runCheck } from '../support/check.ts';
import { startFlow, type Flow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];
let flow: Flow;
let db: Db;
let now: Date;
beforeEach(async () => {
  flow = await startFlow(postgres, noBots, { jobs: [subscriptions], roles: [] });
  db = flow.db;
  await registerJobs(db, [subscriptions]);
  now = (await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db)).rows[0]!.now;
});

const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const day = 24;
const run = async () => (await carried(flow.jobEngine, await aRun(db, subscriptions))).figures;
/** A user with an active profile and one subscription, whose period ended so many hours ago. */
async function aSubscriber(
  ended: number,
  values: object = {},
  profile: object = {},
): Promise<string> {
  const user_id = await addUser(db, {
    subscription_status: 'active',
    subscription_tier: 'standard',
    updated_at: hoursAgo(2),
    ...profile,
  });
  const current_period_end = hoursAgo(ended);
  await addSubscription(db, hoursAgo(2), {
    user_id,
    current_period_start: hoursAgo(ended + 30 * day),
    current_period_end,
    ...values,
  });
  return user_id;
}
const stateOf = async (user: string) => {
  const profile = await db
    .selectFrom('profiles')
    .select(['subscription_status', 'subscription_tier'])
    .where('id', '=', user)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('subscriptions')
    .select('status')
    .where('user_id', '=', user)
    .orderBy('current_period_end')
    .execute();
  return [
    profile.subscription_status,
    profile.subscription_tier,
    ...rows.map(({ status }) => status),
  ];
};
const findings = async (config = {}) => {
  // As later as the guardian waits for the job.
  const later = { now: new Date(now.getTime() + 11 * 60_000) };
  const found = [];
  for (const name of ['past-period', 'profile-disagrees'])
    found.push(
      ...(await runCheck(guardian, name, db, config, later)).findings.map(({ key }) => key),
    );
  return found;
};
/** The provider told of it an hour ago: renewals reach this database. */
const aRenewedOne = (provider: 'stripe' | 'paypal' = 'stripe') =>
  aSubscriber(-29 * day, { provider, current_period_start: hoursAgo(1) });

test('what is past its period and its grace ends, and its profile follows; the guardian has nothing left to report', async () => {
  await aRenewedOne();
  const over = await aSubscriber(25);
  const pastDue = await aSubscriber(31 * day, { status: 'past_due' });
  const canceled = await aSubscriber(25, { status: 'canceled' });
  expect((await findings()).length).toBeGreaterThanOrEqual(3);
  expect(await run()).toEqual({ subscriptions: 3, profiles: 3 });
  for (const user of [over, pastDue, canceled])
    expect(await stateOf(user)).toEqual(['expired', 'standard', 'expired']);
  expect(await findings()).toEqual([]);
  expect(await run()).toEqual({ subscriptions: 0, profiles: 0 });
});

test('their healthy twins stay what they are, down to the version of their rows', async () => {
  await aRenewedOne();
  await aSubscriber(23);
  await aSubscriber(29 * day, { status: 'past_due' });
  await aSubscriber(23, { status: 'canceled' });
  await aSubscriber(2 * day, { current_period_end: null });
  await aSubscriber(2 * day, { status: 'expired' }, { subscription_status: 'expired' });
  // A gift: no subscription at all.
  await addUser(db, { subscription_status: 'active', subscription_tier: 'premium' });
  const versions = async () =>
    (
      await sql`SELECT id, xmin::text FROM subscriptions UNION ALL SELECT id, xmin::text FROM profiles ORDER BY 1`.execute(
        db,
      )
    ).rows;
  const before = await versions();
  expect(await findings()).toEqual([]);
  expect(await run()).toEqual({ subscriptions: 0, profiles: 0 });
  expect(await versions()).toEqual(before);
});

test('a user with another subscription that is paid for keeps being served, by its tier', async () => {
  await aRenewedOne();
  const user = await aSubscriber(25);
  await addSubscription(db, hoursAgo(2), {
    user_id: user,
    tier: 'premium',
    current_period_start: hoursAgo(2),
    current_period_end: hoursAgo(-20 * day),
  });
  expect(await run()).toEqual({ subscriptions: 1, profiles: 1 });
  expect(await stateOf(user)).toEqual(['active', 'premium', 'expired', 'active']);
  expect(await findings()).toEqual([]);
});

test('where its provider has told of no newer period since, a renewal may be missing: it stays, is counted, and the guardian reports it', async () => {
  const unsure = await aSubscriber(25);
  const willing = await aSubscriber(25, { cancel_at_period_end: true });
  await aRenewedOne('paypal');
  expect(await run()).toEqual({
    subscriptions: 1,
    profiles: 1,
    waiting: 1,
    why: expect.stringContaining('may have been renewed'),
  });
  expect(await stateOf(unsure)).toEqual(['active', 'standard', 'active']);
  expect(await stateOf(willing)).toEqual(['expired', 'standard', 'expired']);
  expect(await findings()).toHaveLength(1);
  await aRenewedOne();
  expect(await run()).toEqual({ subscriptions: 1, profiles: 1 });
  expect(await findings()).toEqual([]);
});

test('a renewal that the provider tells of later still counts, and no credits or payments are touched', async () => {
  await aRenewedOne();
  const user = await aSubscriber(25, { last_event_id: 'evt_1', last_event_at: hoursAgo(31 * day) });
  const money = async () =>
    (
      await sql`SELECT (SELECT count(*) FROM credits) AS credits, (SELECT count(*) FROM transactions) AS payments, (SELECT sum(credits) FROM profiles) AS balance`.execute(
        db,
      )
    ).rows;
  const before = await money();
  await run();
  expect(await money()).toEqual(before);
  const row = await db
    .selectFrom('subscriptions')
    .selectAll()
    .where('user_id', '=', user)
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({ status: 'expired', last_event_id: 'evt_1' });
  const renewed = await recordSubscription(db, {
    user_id: user,
    provider: 'stripe',
    provider_subscription_id: row.provider_subscription_id,
    tier: 'standard',
    status: 'active',
    current_period_start: hoursAgo(25),
    current_period_end: hoursAgo(-29 * day),
    event_id: 'evt_2',
    event_at: hoursAgo(20),
  });
  expect(renewed).toMatchObject({ changed: true, subscription: { status: 'active' } });
});

test('the grace is the one of the guardian, by its settings', async () => {
  await aRenewedOne();
  const user = await aSubscriber(25);
  const config = { period_grace_hours: 48 };
  await insertBot(db, 'guardian', { catalogue_name: 'guardian', config: JSON.stringify(config) });
  expect(await run()).toEqual({ subscriptions: 0, profiles: 0 });
  expect(await findings(config)).toEqual([]);
  await sql`UPDATE bots SET config = '{"period_grace_hours": "many"}'`.execute(db);
  expect(await run()).toMatchObject({ subscriptions: 1 });
  expect(await stateOf(user)).toEqual(['expired', 'standard', 'expired']);
  const { period_grace_hours, past_due_days } = guardian.config.parse({}) as Record<
    string,
    unknown
  >;
  expect(graceSettings.parse({})).toEqual({ period_grace_hours, past_due_days });
});

test('in the mode off nothing ends; many end in several transactions', async () => {
  await aRenewedOne();
  const user = await aSubscriber(25);
  await sql`
    INSERT INTO subscriptions (user_id, provider, provider_subscription_id, tier, status, current_period_end)
    SELECT ${user}, 'stripe', 'sub_' || n, 'standard', 'active', ${hoursAgo(30)} FROM generate_series(1, 1100) n`.execute(
    db,
  );
  await writeSetting(db, { key: 'mode', value: 'off', by: 'ann' });
  expect(await run()).toEqual({ subscriptions: 0, profiles: 0, why: 'the mode is off' });
  await writeSetting(db, { key: 'mode', value: 'safe', by: 'ann' });
  expect(await run()).toMatchObject({ subscriptions: 1_101, profiles: 1 });
}, 30_000);
