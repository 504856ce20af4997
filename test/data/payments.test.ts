import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { bookCredits, creditBalance, ledgerPage } from '../../src/data/credits/ledger.ts';
import {
  recordPayment,
  refundPayment,
  type PaymentEvent,
} from '../../src/data/credits/payments.ts';
import { recordSubscription } from '../../src/data/credits/subscriptions.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

function payment(user_id: string) {
  const about = {
    user_id,
    provider: 'stripe' as const,
    provider_transaction_id: `pi_${randomUUID()}`,
    type: 'purchase' as const,
    amount_cents: 900,
    credits_granted: 100,
  };
  return (status: PaymentEvent['status'], second: number, rest = {}): PaymentEvent => ({
    ...about,
    status,
    event_id: `evt_${status}_${second}`,
    event_at: at(second),
    ...rest,
  });
}

const orders = <T>(all: T[]): T[][] =>
  all.length < 2
    ? [all]
    : all.flatMap((one, i) => orders(all.toSpliced(i, 1)).map((rest) => [one, ...rest]));

test('every order of the same events, each of them twice, has one effect', async () => {
  for (const states of [
    ['pending', 'completed'],
    ['pending', 'completed', 'refunded'],
  ] as const)
    for (const order of orders([...states])) {
      const user = await addUser(db);
      const event = payment(user);
      for (const status of [...order, ...order])
        await recordPayment(db, event(status, states.indexOf(status as never)));
      const last = await recordPayment(db, event('pending', 0));
      expect([order, last.changed, last.payment.status]).toEqual([order, false, states.at(-1)]);
      expect(await creditBalance(db, user)).toBe(states.length === 2 ? 100 : 0);
    }
});

test('the same event twenty times at once grants once, two payments grant twice', async () => {
  const user = await addUser(db);
  const [one, two] = [payment(user), payment(user)];
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, i) => recordPayment(db, (i % 2 ? one : two)('completed', 1))),
  );
  expect(all.filter(({ changed }) => changed)).toHaveLength(2);
  expect(await creditBalance(db, user)).toBe(200);
});

test('a failed payment grants nothing and stays failed; a newer contradiction is not lost in silence', async () => {
  const user = await addUser(db);
  const event = payment(user);
  await recordPayment(db, event('pending', 1));
  const failed = await recordPayment(db, event('failed', 5));
  expect(failed.payment).toMatchObject({ status: 'failed', credits_granted: 0 });
  expect(await recordPayment(db, event('completed', 3))).toMatchObject({ changed: false });
  await expect(recordPayment(db, event('completed', 9))).rejects.toMatchObject({
    name: 'PaymentConflictError',
    why: 'it is failed, a newer event says completed',
  });
  expect(await creditBalance(db, user)).toBe(0);
});

test('a refund takes what is still there and writes down what was spent', async () => {
  const user = await addUser(db);
  const event = payment(user);
  const { payment: paid } = await recordPayment(db, event('completed', 1, { metadata: { a: 1 } }));
  await bookCredits(db, { user_id: user, amount: -70, type: 'usage' });
  const refund = { ...event('refunded', 2), event_id: 'evt_refund' };
  const { payment: back } = await refundPayment(db, refund);
  expect(back).toMatchObject({
    id: paid.id,
    status: 'refunded',
    credits_granted: 100,
    metadata: { a: 1, credits_shortfall: 70 },
    last_event_id: 'evt_refund',
  });
  const [booked] = await ledgerPage(db, user);
  expect(booked).toMatchObject({
    amount: -30,
    type: 'refund',
    balance_after: 0,
    metadata: { transaction_id: paid.id, credits_shortfall: 70 },
  });
  expect(await refundPayment(db, refund)).toMatchObject({ changed: false });
  await bookCredits(db, { user_id: user, amount: 5, type: 'bonus' });
  expect(await refundPayment(db, refund)).toMatchObject({ changed: false });
  expect(await creditBalance(db, user)).toBe(5);
});

test('a refund of a payment that is not known yet asks to be sent again', async () => {
  const event = payment(await addUser(db));
  await expect(refundPayment(db, event('refunded', 2))).rejects.toMatchObject({
    name: 'UnknownPaymentError',
    retryable: true,
  });
});

test('plain SQL moves no payment back, and its credits move all the same', async () => {
  const user = await addUser(db);
  const event = payment(user);
  const { payment: paid } = await recordPayment(db, event('pending', 1));
  const change = (set: string) =>
    sql`UPDATE transactions SET ${sql.raw(set)} WHERE id = ${paid.id}`.execute(db);
  await change(`status = 'completed'`);
  expect(await creditBalance(db, user)).toBe(100);
  for (const set of [`status = 'pending'`, `status = 'failed'`])
    await expect(change(set)).rejects.toThrow('moves only forward');
  for (const set of [
    'credits_granted = 5',
    'user_id = NULL',
    `provider = 'paypal'`,
    'amount_cents = 1',
  ])
    await expect(change(set)).rejects.toThrow('a payment keeps its user');
  await expect(db.deleteFrom('transactions').where('id', '=', paid.id).execute()).rejects.toThrow(
    'transactions keeps its rows',
  );
  await change(`status = 'refunded'`);
  await expect(change(`status = 'completed'`)).rejects.toThrow('moves only forward');
  expect(await creditBalance(db, user)).toBe(0);
  await sql`DELETE FROM auth.users WHERE id = ${user}`.execute(db);
  const rest = db.selectFrom('transactions').where('id', '=', paid.id).selectAll();
  expect(await rest.execute()).toEqual([]);
});

test('a payment without room for its credits is not completed either', async () => {
  const user = await addUser(db);
  await bookCredits(db, { user_id: user, amount: 2 ** 31 - 1, type: 'bonus' });
  const event = payment(user);
  await expect(recordPayment(db, event('completed', 1))).rejects.toMatchObject({ code: '22003' });
  expect(await recordPayment(db, event('pending', 1))).toMatchObject({ changed: true });
});

test('foreign and bad input is named, and nothing of it stays', async () => {
  const [user, other] = [await addUser(db), await addUser(db)];
  const event = payment(user);
  await recordPayment(db, event('completed', 1));
  for (const [change, why] of [
    [{ user_id: other }, 'belongs to another user'],
    [{ amount_cents: 1 }, 'amount_cents differs'],
    [{ credits_granted: 101 }, 'credits_granted differs'],
    [{ provider: 'paypal' }, 'provider differs'],
  ] as const)
    await expect(recordPayment(db, event('completed', 2, change))).rejects.toMatchObject({
      name: 'PaymentConflictError',
      why: expect.stringContaining(why),
    });
  const fresh = payment(user);
  for (const [change, field] of [
    [{ amount_cents: -1 }, 'amount_cents'],
    [{ credits_granted: -1 }, 'credits_granted'],
    [{ currency: 'usd' }, 'currency'],
    [{ provider: 'bank' }, 'provider'],
    [{ provider_transaction_id: 'x'.repeat(256) }, 'provider_transaction_id'],
    [{ event_at: new Date(Number.NaN) }, 'event_at'],
    [{ status: 'paid' }, 'status'],
  ] as const)
    await expect(recordPayment(db, fresh('completed', 1, change))).rejects.toMatchObject({ field });
  await expect(
    recordPayment(db, fresh('completed', 1, { user_id: randomUUID() })),
  ).rejects.toMatchObject({ name: 'UnknownPaymentError' });
  expect(await creditBalance(db, user)).toBe(100);
  expect(await creditBalance(db, other)).toBe(0);
});

test('the newest event of a subscription wins in every order', async () => {
  const events = [
    { event_id: 'a', second: 1, status: 'active' },
    { event_id: 'b', second: 2, status: 'past_due' },
    { event_id: 'c', second: 3, status: 'expired' },
    { event_id: 'd', second: 3, status: 'canceled' },
  ] as const;
  for (const order of orders([...events])) {
    const user_id = await addUser(db);
    const about = {
      user_id,
      provider: 'paypal',
      provider_subscription_id: `sub_${user_id}`,
      tier: 'premium',
    } as const;
    const record = ({ event_id, status, second }: (typeof events)[number]) =>
      recordSubscription(db, { ...about, event_id, status, event_at: at(second) });
    await Promise.all(order.map(record));
    const { subscription, changed } = await record(events[0]);
    expect([changed, subscription.status, subscription.last_event_id]).toEqual([
      false,
      'expired',
      'c',
    ]);
  }
});

test('a subscription belongs to one user, and its time does not go back', async () => {
  const [user_id, other] = [await addUser(db), await addUser(db)];
  const event = {
    user_id,
    provider: 'stripe',
    provider_subscription_id: 'sub_1',
    tier: 'light',
    status: 'active',
    event_id: 'e',
    event_at: at(9),
  } as const;
  await recordSubscription(db, event);
  for (const second of [1, 20])
    await expect(
      recordSubscription(db, { ...event, user_id: other, event_at: at(second) }),
    ).rejects.toMatchObject({ name: 'SubscriptionConflictError' });
  await expect(sql`UPDATE subscriptions SET last_event_at = ${at(1)}`.execute(db)).rejects.toThrow(
    'does not go back',
  );
  const late = { current_period_start: at(5), current_period_end: at(4) };
  await expect(recordSubscription(db, { ...event, ...late })).rejects.toMatchObject({
    field: 'current_period_end',
  });
});

test('without its trigger a payment grants nothing, without its guard it goes back', async () => {
  const broken = await testDatabase();
  await sql`DROP TRIGGER transactions_booked_new ON transactions`.execute(broken.db);
  await sql`DROP TRIGGER transactions_guarded ON transactions`.execute(broken.db);
  const user = await addUser(broken.db);
  await recordPayment(broken.db, payment(user)('completed', 1));
  expect(await creditBalance(broken.db, user)).toBe(0);
  await sql`UPDATE transactions SET status = 'pending'`.execute(broken.db);
});
