import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { asService } from '../../src/database/as-user.ts';
import { bookCredits, creditBalance, ledgerPage } from '../../src/data/credits/ledger.ts';
import { recordPayment, refundPayment } from '../../src/data/credits/payments.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addUser } from './people.ts';
import { payment, shown } from './provider-events.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
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

test('a failed payment grants nothing until it is completed after all, and a late failure takes nothing', async () => {
  const user = await addUser(db);
  const event = payment(user);
  await recordPayment(db, event('pending', 1));
  const failed = await recordPayment(db, event('failed', 5));
  expect([failed.changed, failed.payment.status]).toEqual([true, 'failed']);
  expect(await creditBalance(db, user)).toBe(0);
  expect(await recordPayment(db, event('completed', 3))).toMatchObject({
    changed: true,
    payment: { status: 'completed', credits_granted: 100 },
  });
  expect(await recordPayment(db, event('failed', 9))).toMatchObject({ changed: false });
  expect(await creditBalance(db, user)).toBe(100);
});

test('a failed payment can be refunded, and grants nothing when its completion comes after that', async () => {
  const user = await addUser(db);
  const event = payment(user);
  await recordPayment(db, event('failed', 1));
  expect(await refundPayment(db, event('refunded', 3))).toMatchObject({
    changed: true,
    payment: { status: 'refunded', credits_granted: 0 },
  });
  expect(await recordPayment(db, event('completed', 2))).toMatchObject({ changed: false });
  expect(await shown(db, user)).toMatchObject({ ledger: [], row: { credits_granted: 100 } });
});

test('payments are recorded and refunded in the transaction that is given, and go back with it', async () => {
  const user = await addUser(db);
  const event = payment(user);
  await asService(db, (trx) => recordPayment(trx, event('completed', 1)));
  expect(await creditBalance(db, user)).toBe(100);
  const undone = asService(db, async (trx) => {
    await refundPayment(trx, event('refunded', 2));
    expect(await creditBalance(trx, user)).toBe(0);
    throw new Error('of the caller');
  });
  await expect(undone).rejects.toThrow('of the caller');
  expect(await shown(db, user)).toMatchObject({ row: { status: 'completed' }, balance: 100 });
  await asService(db, (trx) => refundPayment(trx, event('refunded', 2)));
  expect(await creditBalance(db, user)).toBe(0);
});

test('a payment whose id at the provider is the id of another row books for itself', async () => {
  const user = await addUser(db);
  const paid = { user_id: user, provider: 'stripe', type: 'purchase', amount_cents: 900 } as const;
  const plain = db
    .insertInto('transactions')
    .values({ ...paid, status: 'completed', credits_granted: 100 })
    .returning('id');
  const { id } = await plain.executeTakeFirstOrThrow();
  const event = payment(user);
  const same = { provider_transaction_id: id };
  await recordPayment(db, event('completed', 1, same));
  expect(await creditBalance(db, user)).toBe(200);
  await recordPayment(db, event('refunded', 2, same));
  expect(await creditBalance(db, user)).toBe(100);
  await sql`UPDATE transactions SET status = 'refunded' WHERE id = ${id}`.execute(db);
  expect(await creditBalance(db, user)).toBe(0);
});

test('a row of type refund grants nothing', async () => {
  const user = await addUser(db);
  const back = { user_id: user, provider: 'stripe', type: 'refund', status: 'completed' } as const;
  const add = (credits_granted: number | null) =>
    db
      .insertInto('transactions')
      .values({ ...back, amount_cents: -900, credits_granted })
      .execute();
  await expect(add(100)).rejects.toThrow('transactions_credits_granted_check');
  await expect(add(-100)).rejects.toThrow('transactions_credits_granted_check');
  await add(0);
  await add(null);
  const paid = payment(user);
  await recordPayment(db, paid('pending', 1));
  const turned = sql`UPDATE transactions SET type = 'refund' WHERE user_id = ${user}`.execute(db);
  await expect(turned).rejects.toThrow('transactions_credits_granted_check');
  expect(await creditBalance(db, user)).toBe(0);
  expect(await ledgerPage(db, user)).toEqual([]);
});

test('payments cannot be truncated', async () => {
  const event = payment(await addUser(db));
  const { payment: kept } = await recordPayment(db, event('completed', 1));
  for (const statement of ['TRUNCATE transactions', 'TRUNCATE transactions, bots CASCADE'])
    await expect(sql.raw(statement).execute(db)).rejects.toThrow(
      'transactions keeps its rows: TRUNCATE is refused',
    );
  const rest = db.selectFrom('transactions').select('id').where('id', '=', kept.id);
  expect(await rest.execute()).toHaveLength(1);
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
    'id = gen_random_uuid()',
    'user_id = NULL',
    `provider = 'paypal'`,
    'amount_cents = 1',
  ])
    await expect(change(set)).rejects.toThrow('a payment keeps its id, user');
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
  await expect(recordPayment(db, event('completed', 1))).rejects.toMatchObject({
    name: 'BalanceLimitError',
    column: 'balance_after',
    why: 'credits.balance_after may be 2147483647 at most',
  });
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
      hint: 'compare the payment with the provider; the event was not applied',
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

test('without its trigger a payment grants nothing, without its guard it goes back', async () => {
  const broken = await testDatabase();
  await sql`DROP TRIGGER transactions_booked_new ON transactions`.execute(broken.db);
  await sql`DROP TRIGGER transactions_guarded ON transactions`.execute(broken.db);
  const user = await addUser(broken.db);
  await recordPayment(broken.db, payment(user)('completed', 1));
  expect(await creditBalance(broken.db, user)).toBe(0);
  await sql`UPDATE transactions SET status = 'pending'`.execute(broken.db);
});
