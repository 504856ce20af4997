import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { RE2JS } from 're2js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { guardian } from '../../bots/guardian.ts';
import type { CheckResult } from '../../src/bot.ts';
import {
  addUnbookedPayment,
  addBooking,
  addPayment,
  addSubscription,
} from '../../src/demo/faults/money-rows.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { insertBot, insertFinding } from '../cli/rows.ts';
import { behindGuards } from '../support/behind-guards.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
  // NOT VALID in the schema: an old platform may have such rows.
  for (const name of ['amount_cents', 'credits_granted'])
    await sql`ALTER TABLE transactions DROP CONSTRAINT ${sql.ref(`transactions_${name}_check`)}`.execute(
      db,
    );
});
beforeEach(async () => {
  await behindGuards(db, async (trx) => {
    for (const table of ['transactions', 'credits', 'subscriptions', 'profiles', 'auth.users'])
      await sql`DELETE FROM ${sql.table(table)}`.execute(trx);
  });
  await sql`TRUNCATE bots CASCADE`.execute(db);
});

const now = new Date('2026-03-10T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const hour = 60;
const day = 1_440;

const check = (name: string, config = {}, more: Parameters<typeof runCheck>[4] = {}) =>
  runCheck(guardian, name, db, config, { now, ...more });
const keys = async (name: string, config = {}) =>
  (await check(name, config)).findings.map(({ key }) => key);
const figure = ({ figures }: CheckResult, name: string) =>
  figures?.find((each) => each.name === name)?.value;

const states = guardian.checks.filter(({ name }) => name !== 'stripe-payments');

/** An open finding of this check, as an earlier run left it. */
async function open(check_name: string, component_key: string) {
  const bot = await insertBot(db, `guardian-${randomUUID().slice(0, 8)}`);
  await insertFinding(db, bot, 'open', { category: 'payments', check_name, component_key });
}

test.each(states.map(({ name }) => name))('%s: empty tables are healthy', async (name) => {
  const result = await check(name);
  expect(result).toMatchObject({ findings: [], examined: { count: 0, except: [] } });
  expect(result.truncated ?? false).toBe(false);
});

test('it moves no money: each kind of finding has advice, and nothing acts by itself', async () => {
  expect(guardian.knowledge!.map(({ autonomy }) => autonomy)).toEqual(
    guardian.knowledge!.map(() => 'suggest'),
  );
  for (const { solution, pattern } of guardian.knowledge!) {
    expect(solution).not.toMatch(/^steps:/);
    expect(() => RE2JS.compile(pattern)).not.toThrow();
  }
});

const id = randomUUID();
test.each([
  ['pending', `Payment ${id} at stripe has been pending for 3 h`],
  ['failed', 'Payments of 6 of 14 users at paypal failed'],
  ['without-credits', `Payment ${id} is completed, and 0 of its 100 credits were given`],
  ['without-credits', `Payment ${id} is completed, and no credits were given; it names none`],
  ['granted-twice', `Payment ${id} gave 200 credits in 2 bookings instead of 100`],
  ['refund-without-debit', `Refund ${id} paid money back, and its 9 credits were not taken back`],
  ['past-period', `Subscription ${id} is past_due, and its period ended 40 days ago`],
  ['profile-disagrees', `Profile ${id} is missing, and its subscription is active light`],
  ['stripe-key', 'Payments are not compared with Stripe: it may not read events (403)'],
  ['stripe-none-known', 'Stripe has 10 new payments, and the platform has none of them'],
  ['stripe-missed', "Stripe's payment pi_1 of 10.00 USD is not on the platform"],
  ['stripe-missed', "Stripe's payment pi_1 is paid, and pending on the platform"],
  ['stripe-differs', "Stripe's payment pi_1 is refunded, and completed on the platform"],
  ['stripe-differs', "Stripe's payment pi_1 is 0.05 EUR, and 0.06 USD on the platform"],
  ['stripe-differs', `Payment ${id} is 10.00 USD, and 0.01 USD at Stripe`],
  ['stripe-differs', `Payment ${id} is refunded, and paid and kept at Stripe`],
  ['stripe-unknown', `Payment ${id} is refunded, and Stripe does not know it`],
  ['stripe-unknown', `Payment ${id} is completed, and Stripe does not know it`],
  ['stripe-unknown', `Payment ${id} is completed, and requires_action at Stripe`],
  ['pending', 'Payment pi_3Mtw of 20.00 USD at stripe has been pending for 3 h'],
  [
    'without-credits',
    'Payment cs_1 of 20.00 USD is completed, and 0 of its 100 credits were given',
  ],
  ['granted-twice', 'Payment pi_1 of 500 in amount_cents (JPY) gave 200 credits in 2 bookings'],
  ['refund-without-debit', 'Refund re_1 of 9.00 USD paid money back, and its 9 credits were not'],
  ['past-period', 'Subscription I-BW452GLLEP1G is active, and its period ended 40 days ago'],
  [
    'profile-disagrees',
    'Profile a…@example.com (3f2a1b9c) is missing, and its subscription is active',
  ],
  ['stripe-differs', 'Payment pi_1 of 20.00 USD is refunded, and paid and kept at Stripe'],
  ['stripe-differs', 'Payment pi_1 is 10.00 USD, and 0.01 USD at Stripe'],
  ['stripe-unknown', 'Payment pi_1 of 20.00 USD is completed, and Stripe does not know it'],
])('%s is the one entry that knows "%s"', (name, title) => {
  const known = guardian.knowledge!.filter(({ pattern }) =>
    RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).matcher(title).find(),
  );
  expect(known.map((each) => each.name)).toEqual([`payments.${name}`]);
});

describe('pending payments', () => {
  const pending = (minutes: number, more: object = {}) =>
    addPayment(db, minutesAgo(minutes), { user_id: null, status: 'pending', ...more });

  test('thirty minutes are long enough, a day is severe', async () => {
    await pending(30);
    expect(await keys('pending-payments')).toEqual([]);
    const late = await pending(31);
    const old = await pending(2 * day);
    const result = await check('pending-payments');
    expect(result.findings).toMatchObject([
      { key: old, severity: 'high', component: 'transactions' },
      {
        key: late,
        severity: 'medium',
        title: expect.stringMatching(
          /^Payment pi_\w+ of 10\.00 USD at stripe has been pending for 31 min$/,
        ),
      },
    ]);
    expect(result.examined).toEqual({ count: 3, except: [] });
    expect(figure(result, 'pending payments')).toBe(3);
    expect(figure(result, 'payments pending for too long')).toBe(2);
    expect(await keys('pending-payments', { pending_minutes: 40 })).toEqual([old]);
  });

  test('what takes days may take days, and no longer', async () => {
    const slow = [
      { payment_method_type: 'SEPA_debit' },
      { payment_method: 'customer_balance' },
      { payment_method_types: ['us_bank_account'] },
      { payment_status: 'processing' },
      { pending_reason: 'echeck' },
    ];
    for (const metadata of slow) await pending(19 * day, { metadata });
    expect(await keys('pending-payments')).toEqual([]);
    const late = await pending(21 * day, { metadata: slow[0] });
    const offered = { payment_method_types: ['card', 'sepa_debit'] };
    const card = await pending(hour, { metadata: offered });
    expect(await keys('pending-payments')).toEqual([late, card]);
    expect(await keys('pending-payments', { slow_pending_days: 22 })).toEqual([card]);
    expect(await keys('pending-payments', { slow_methods: [] })).toHaveLength(5);
  });

  test('metadata of any shape, no time, no id and huge amounts are no error', async () => {
    for (const metadata of ['null', '[]', '"x"', '7', '{"payment_method_types":{"a":1}}', '{}'])
      await pending(hour, { metadata: sql`${metadata}::jsonb` });
    for (const amount_cents of [-2_147_483_648, 0, 2_147_483_647])
      await pending(hour, { amount_cents, provider_transaction_id: null, currency: null });
    await pending(hour, { created_at: null, updated_at: null });
    expect(await keys('pending-payments')).toHaveLength(10);
  });

  test('payments of a test count where they are asked for', async () => {
    await pending(hour, { metadata: { livemode: false } });
    await pending(hour, { metadata: { environment: 'sandbox' } });
    await pending(hour, { provider_transaction_id: 'cs_test_1' });
    expect(await keys('pending-payments')).toEqual([]);
    expect(await keys('pending-payments', { test_mode: true })).toHaveLength(3);
  });

  test('the oldest are reported, and that there are more', async () => {
    const oldest = await pending(3 * hour);
    await pending(2 * hour);
    const cut = await check('pending-payments', { max_findings: 1 });
    expect([cut.findings.map(({ key }) => key), cut.truncated]).toEqual([[oldest], true]);
    expect((await check('pending-payments', { max_findings: 2 })).truncated).toBe(false);
  });
});

describe('failed payments', () => {
  const pay = async (count: number, status: 'failed' | 'completed', more: object = {}) => {
    for (let i = 0; i < count; i++)
      await addPayment(db, minutesAgo(10), {
        user_id: await addUser(db),
        status,
        credits_granted: null,
        ...more,
      });
  };

  test('five users and more than a tenth of them', async () => {
    await pay(4, 'failed');
    expect(await keys('failed-payments')).toEqual([]);
    await pay(45, 'completed');
    await pay(1, 'failed');
    expect(await keys('failed-payments')).toEqual([]);
    await pay(1, 'failed');
    const { findings, tallies, figures } = await check('failed-payments');
    expect(findings).toMatchObject([
      {
        severity: 'high',
        key: 'stripe',
        title: 'Payments of 6 of 51 users at stripe failed',
      },
    ]);
    expect(tallies).toEqual([{ key: 'stripe', bad: 6, of: 51, newestBadAt: minutesAgo(10) }]);
    expect(figures).toEqual([
      { name: 'stripe: users who paid or tried', value: 51 },
      { name: 'stripe: users whose payments failed', value: 6 },
    ]);
    expect(await keys('failed-payments', { max_failed_percent: 12 })).toEqual([]);
    expect(await keys('failed-payments', { min_failed_users: 7 })).toEqual([]);
  });

  test('each provider is judged alone; more than half is critical', async () => {
    await pay(40, 'completed');
    await pay(6, 'failed', { provider: 'paypal' });
    await pay(5, 'completed', { provider: 'paypal' });
    expect((await check('failed-payments')).findings).toMatchObject([
      { severity: 'critical', key: 'paypal' },
    ]);
  });

  test('the window and the start of a key count, pending ones and refunds do not', async () => {
    await pay(6, 'failed', { created_at: minutesAgo(61) });
    await pay(6, 'failed', { created_at: minutesAgo(-1) });
    await pay(6, 'failed', { type: 'refund', credits_granted: 0 });
    expect(await keys('failed-payments')).toEqual([]);
    await pay(6, 'failed', { created_at: minutesAgo(40) });
    expect(await keys('failed-payments')).toEqual(['stripe']);
    const starts = [
      { key: 'stripe', from: minutesAgo(30) },
      { key: 'paypal', from: minutesAgo(30) },
    ];
    expect(await check('failed-payments', {}, { starts })).toMatchObject({
      findings: [],
      tallies: [
        { key: 'paypal', bad: 0, of: 0, newestBadAt: null },
        { key: 'stripe', bad: 0, of: 0, newestBadAt: null },
      ],
    });
    const only = await check('failed-payments', {}, { only: ['paypal'] });
    expect(only).toMatchObject({
      examined: ['paypal'],
      findings: [],
      tallies: [{ key: 'paypal' }],
    });
  });
});

describe('completed payments', () => {
  const name = 'completed-without-credits';

  test('ten minutes are enough for the credits, and seven days are looked back', async () => {
    const user_id = await addUser(db);
    const bare = (minutes: number) => addUnbookedPayment(db, minutesAgo(minutes), { user_id });
    await bare(9);
    await bare(8 * day);
    expect(await keys(name)).toEqual([]);
    const due = await bare(11);
    const result = await check(name);
    expect(result.findings).toMatchObject([
      {
        severity: 'critical',
        key: due,
        title: expect.stringMatching(
          /^Payment pi_\w+ of 10\.00 USD is completed, and 0 of its 100 credits were given$/,
        ),
        metadata: { given: 0, credits_granted: 100, user_id },
      },
    ]);
    expect(figure(result, 'completed payments')).toBe(1);
    expect(await keys(name, { grace_minutes: 12 })).toEqual([]);
    expect(await keys(name, { lookback_days: 9 })).toHaveLength(2);
  });

  test('what was found stays found when it leaves the window, until its credits are booked', async () => {
    const user_id = await addUser(db);
    const old = await addUnbookedPayment(db, minutesAgo(8 * day), { user_id });
    await open(name, old);
    await open(name, 'no uuid');
    await open('granted-twice', await addUnbookedPayment(db, minutesAgo(9 * day), { user_id }));
    expect(await keys(name)).toEqual([old]);
    const idempotency_key = `payment:${old}`;
    await addBooking(db, now, { user_id, amount: 100, type: 'purchase', idempotency_key });
    expect(await keys(name)).toEqual([]);
  });

  test('an edit of something else is no cure', async () => {
    const edited = await addUnbookedPayment(db, minutesAgo(1), { user_id: await addUser(db) });
    expect(await keys(name)).toEqual([]);
    await open(name, edited);
    expect(await keys(name)).toEqual([edited]);
  });

  test('credits count by the key, by what their metadata names, or by amount and time, once', async () => {
    const user_id = await addUser(db);
    const book = (metadata: Record<string, string> | null, amount = 100) =>
      addBooking(db, minutesAgo(hour), { user_id, amount, type: 'purchase', metadata });
    await addPayment(db, minutesAgo(hour), { user_id });
    const byId = await addUnbookedPayment(db, minutesAgo(hour), { user_id });
    await book({ transaction_id: byId });
    const provider_transaction_id = 'pi_named';
    await addUnbookedPayment(db, minutesAgo(hour), { user_id, provider_transaction_id });
    await book({ provider_transaction_id });
    await addUnbookedPayment(db, minutesAgo(62), { user_id });
    await book(null);
    expect(await keys(name)).toEqual([]);
    const second = await addUnbookedPayment(db, minutesAgo(61), { user_id });
    expect(await keys(name)).toEqual([second]);
    const part = await addUnbookedPayment(db, minutesAgo(hour), { user_id, amount_cents: 9_000 });
    await book({ transaction_id: part }, 40);
    expect((await check(name)).findings[0]).toMatchObject({
      key: part,
      title: expect.stringMatching(
        /^Payment pi_\w+ of 90\.00 USD is completed, and 40 of its 100 credits were given$/,
      ),
    });
  });

  test('a purchase that names no credits is a finding, unless purchases buy other things', async () => {
    const user_id = await addUser(db);
    const bare = (more: object) => addUnbookedPayment(db, minutesAgo(hour), { user_id, ...more });
    const nameless = await bare({ credits_granted: null });
    await bare({ credits_granted: null, amount_cents: 0 });
    await bare({ credits_granted: 0 });
    await bare({ credits_granted: null, type: 'subscription' });
    await bare({ credits_granted: -5, amount_cents: -7 });
    await bare({ type: 'refund', credits_granted: 0 });
    await bare({ status: 'pending' });
    expect(await keys(name)).toEqual([nameless]);
    expect(await keys(name, { purchases_grant_credits: false })).toEqual([]);
  });

  test('a payment without a user, and the largest number of credits', async () => {
    const nobody = await addUnbookedPayment(db, minutesAgo(hour), {
      user_id: null,
      amount_cents: 2_147_483_647,
      credits_granted: 2_147_483_647,
    });
    await addPayment(db, minutesAgo(hour), {
      user_id: await addUser(db),
      amount_cents: 2_147_483_647,
      credits_granted: 2_147_483_647,
    });
    expect(await keys(name)).toEqual([nobody]);
  });
});

describe('payments that were granted twice', () => {
  const name = 'granted-twice';

  test('two bookings that name one payment, until the second is corrected', async () => {
    const user_id = await addUser(db);
    const payment = await addPayment(db, minutesAgo(hour), { user_id });
    const metadata = { transaction_id: payment };
    expect(await keys(name)).toEqual([]);
    await addBooking(db, minutesAgo(9), { user_id, amount: 100, type: 'purchase', metadata });
    const result = await check(name);
    expect(result.findings).toMatchObject([
      {
        severity: 'high',
        key: payment,
        title: expect.stringMatching(
          /^Payment pi_\w+ of 10\.00 USD gave 200 credits in 2 bookings instead of 100$/,
        ),
      },
    ]);
    // A refund takes back what the payment gave, and does not correct it.
    const idempotency_key = `refund:${payment}`;
    const debit = { user_id, amount: -100, type: 'refund' as const, metadata };
    await addBooking(db, now, { ...debit, idempotency_key });
    expect(await keys(name)).toEqual([payment]);
    await addBooking(db, now, debit);
    expect(await keys(name)).toEqual([]);
  });

  test('a nameless booking within minutes of a named one, not a later one or another amount', async () => {
    const user_id = await addUser(db);
    const payment = await addPayment(db, minutesAgo(hour), { user_id });
    const { rows } = await sql<{ at: Date }>`SELECT created_at AS at FROM credits`.execute(db);
    const after = (minutes: number) => new Date(rows[0]!.at.getTime() + minutes * 60_000);
    const book = (at: Date, amount = 100) =>
      addBooking(db, at, { user_id, amount, type: 'purchase' });
    await book(after(11));
    await book(after(1), 99);
    expect(await keys(name)).toEqual([]);
    await book(after(9));
    expect(await keys(name)).toEqual([payment]);
  });

  test('a nameless booking of a payment of its own is that one', async () => {
    const user_id = await addUser(db);
    await addPayment(db, new Date(), { user_id });
    await addUnbookedPayment(db, new Date(), { user_id });
    await addBooking(db, new Date(), { user_id, amount: 100, type: 'purchase' });
    expect(await keys(name)).toEqual([]);
  });

  test('credits that name something else than a payment are no error', async () => {
    const user_id = await addUser(db);
    for (const transaction_id of ['x', randomUUID(), 7, null, ['a']])
      for (let i = 0; i < 2; i++)
        await addBooking(db, now, {
          user_id,
          amount: 50,
          type: 'purchase',
          metadata: { transaction_id },
        });
    expect(await keys(name)).toEqual([]);
  });
});

describe('refunds', () => {
  const name = 'refunds-without-debit';
  const granted = async (minutes = 2 * hour) => {
    const user_id = await addUser(db);
    await addBooking(db, minutesAgo(minutes), { user_id, amount: 100, type: 'purchase' });
    return user_id;
  };

  test('a refunded payment needs a debit ten minutes later, or a note that all was spent', async () => {
    const user_id = await granted();
    const refund = (minutes: number, more: object = {}) =>
      addUnbookedPayment(db, minutesAgo(minutes), { user_id, status: 'refunded', ...more });
    await refund(9);
    await refund(hour, { metadata: { credits_shortfall: 100 } });
    await refund(hour, { credits_granted: 0 });
    expect(await keys(name)).toEqual([]);
    const due = await refund(11, { metadata: { credits_shortfall: 'all' } });
    expect((await check(name)).findings).toMatchObject([
      {
        severity: 'high',
        key: due,
        title: expect.stringMatching(
          /^Refund pi_\w+ of 10\.00 USD paid money back, and its 100 credits were not taken back$/,
        ),
      },
    ]);
    const idempotency_key = `refund:${due}`;
    await addBooking(db, now, { user_id, amount: -1, type: 'refund', idempotency_key });
    expect(await keys(name)).toEqual([]);
  });

  test('what the platform itself refunds is in order, also where it was refunded before it was completed', async () => {
    const user_id = await addUser(db);
    const paid = await addPayment(db, minutesAgo(2 * hour), { user_id });
    await db
      .updateTable('transactions')
      .set({ status: 'refunded' })
      .where('id', '=', paid)
      .execute();
    const early = await addPayment(db, minutesAgo(2 * hour), { user_id, status: 'refunded' });
    await db
      .updateTable('transactions')
      .set({ credits_granted: 60 })
      .where('id', '=', early)
      .execute();
    const { rows } = await sql<{ at: Date }>`SELECT engine.now() + interval '1 hour' AS at`.execute(
      db,
    );
    const result = await check(name, {}, { now: rows[0]!.at });
    expect([result.findings, figure(result, 'refunds')]).toEqual([[], 2]);
  });

  test('a row of type refund counts where it pays back all of a payment that is still completed', async () => {
    const user_id = await addUser(db);
    const payment = await addPayment(db, minutesAgo(2 * hour), { user_id });
    // The booking of the trigger has its own time, which is long after the refund.
    await behindGuards(db, (trx) =>
      trx
        .updateTable('credits')
        .set({ created_at: minutesAgo(2 * hour) })
        .execute(),
    );
    const refund = (amount_cents: number, more: object = {}) =>
      addPayment(db, minutesAgo(hour), {
        user_id,
        type: 'refund',
        amount_cents,
        credits_granted: 0,
        ...more,
      });
    await refund(-999);
    await refund(-1_000, { currency: 'EUR' });
    await refund(-1_000, { status: 'pending' });
    await refund(-400, { metadata: { transaction_id: payment } });
    await refund(-1_000, { metadata: { transaction_id: randomUUID() } });
    expect(await keys(name)).toEqual([]);
    const whole = await refund(1_000);
    const named = await refund(-1_000, { metadata: { transaction_id: payment } });
    expect((await keys(name)).toSorted()).toEqual([whole, named].toSorted());
    await addBooking(db, minutesAgo(hour), { user_id, amount: -30, type: 'refund' });
    expect(await keys(name)).toEqual([]);
  });
});

describe('subscriptions', () => {
  test('past their period by a day, or by a month when a payment is late', async () => {
    const user_id = await addUser(db);
    const ended = (minutes: number, more: object = {}) =>
      addSubscription(db, now, { user_id, current_period_end: minutesAgo(minutes), ...more });
    // The job `subscriptions` has ten minutes.
    await ended(day + 9);
    await ended(30 * day + 9, { status: 'past_due' });
    await ended(90 * day, { status: 'canceled' });
    await ended(-5, { cancel_at_period_end: true });
    const healthy = await check('past-period');
    expect([healthy.findings, figure(healthy, 'subscriptions past their period')]).toEqual([[], 0]);
    await ended(day + 11);
    await ended(30 * day + 11, { status: 'past_due' });
    await ended(2 * day, { cancel_at_period_end: true });
    const { findings } = await check('past-period');
    expect(findings.map(({ title }) => title.replace(/sub_\w+/, 'S'))).toEqual([
      'Subscription S is past_due, and its period ended 30 days ago',
      'Subscription S is active, and its period ended 2 days ago',
      'Subscription S is active, and its period ended 24.2 h ago',
    ]);
    expect(findings[1]!.description).toContain('It was to end with its period');
    expect(await keys('past-period', { period_grace_hours: 49, past_due_days: 31 })).toEqual([]);
  });

  test('a profile that says something else than its subscription', async () => {
    const at = minutesAgo(hour);
    const later = minutesAgo(-day);
    const profile = (status: string | null, tier: string | null, more: object = {}) =>
      addUser(db, {
        subscription_status: status as 'active',
        subscription_tier: tier as 'light',
        updated_at: at,
        ...more,
      });
    const subscribe = (user_id: string, more: object = {}) =>
      addSubscription(db, at, { user_id, current_period_end: later, ...more });

    const unserved = await profile(null, null);
    await subscribe(unserved);
    const unpaid = await profile('active', 'standard');
    await subscribe(unpaid, { status: 'expired' });
    const over = await profile('active', 'standard');
    await subscribe(over, { status: 'canceled', current_period_end: minutesAgo(2 * day) });
    const dangling = await profile('active', 'light', { subscription_id: 'sub_gone' });
    const otherTier = await profile('active', 'premium');
    await subscribe(otherTier);

    // A canceled profile whose subscription ends with its period; a renewal that is late is no matter of this check.
    const ending = await profile('canceled', 'standard');
    await subscribe(ending, { cancel_at_period_end: true });
    const outlived = await profile('expired', 'standard');
    await subscribe(outlived, { current_period_end: minutesAgo(2 * day) });

    const { findings } = await check('profile-disagrees');
    const found = new Map(findings.map(({ key, severity, title }) => [key, [severity, title]]));
    expect([...found.keys()].toSorted()).toEqual(
      [unserved, unpaid, over, dangling, otherTier].toSorted(),
    );
    expect(found.get(unserved)).toEqual([
      'high',
      `Profile ${unserved[0]}…@moonfold.test (${unserved.slice(0, 8)}) is missing, and its subscription is active standard`,
    ]);
    expect(found.get(dangling)![1]).toMatch(/is active light, and its subscription is missing$/);
    expect(findings[0]!.severity).toBe('high');
    // A login edits the profile, too.
    const edit = { updated_at: now };
    await behindGuards(db, (trx) => trx.updateTable('profiles').set(edit).execute());
    expect(await keys('profile-disagrees')).toEqual([]);
    await open('profile-disagrees', dangling);
    expect(await keys('profile-disagrees')).toEqual([dangling]);
    await behindGuards(db, (trx) => trx.updateTable('profiles').set({ updated_at: at }).execute());
    const cut = await check('profile-disagrees', { max_findings: 2 });
    expect([cut.findings.length, cut.truncated]).toEqual([2, true]);
  });
});
