/** Payments, bookings, subscriptions and uses of apps, as faults of `guardian` and `ledger` need them. */
import type { Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { AppUsage, Credits, Subscriptions, Transactions } from '../../database/tables.ts';
import { withoutTriggers } from '../without-triggers.ts';
import { nextId, nextName } from './ids.ts';

type Payment = Omit<Partial<Insertable<Transactions>>, 'id'> & { user_id: string | null };

const paymentOf = (at: Date, payment: Payment) => ({
  id: nextId(),
  provider: 'stripe' as const,
  provider_transaction_id: `pi_${nextId().replaceAll('-', '')}`,
  type: 'purchase' as const,
  amount_cents: 1_000,
  status: 'completed' as const,
  credits_granted: 100,
  created_at: at,
  updated_at: at,
  ...payment,
});

/** A payment as the platform records it: a completed one books its credits. */
export async function addPayment(db: Db, at: Date, payment: Payment): Promise<string> {
  const row = paymentOf(at, payment);
  await db.insertInto('transactions').values(row).execute();
  return row.id;
}

/** A payment that no trigger saw: no booking gives its credits. */
export const addUnbookedPayment = (db: Db, at: Date, payment: Payment): Promise<string> =>
  withoutTriggers(db, ['transactions'], (trx) => addPayment(trx, at, payment));

/** Adds a booking; a trigger of the table computes its balance. */
export const addBooking = (
  db: Db,
  at: Date,
  booking: Pick<Insertable<Credits>, 'user_id' | 'amount' | 'type'> & Partial<Insertable<Credits>>,
) =>
  db
    .insertInto('credits')
    .values({ created_at: at, ...booking } as Insertable<Credits>)
    .execute();

export const addSubscription = (
  db: Db,
  at: Date,
  subscription: Partial<Insertable<Subscriptions>> & { user_id: string },
) =>
  db
    .insertInto('subscriptions')
    .values({
      provider: 'stripe',
      provider_subscription_id: `sub_${nextId().replaceAll('-', '')}`,
      tier: 'standard',
      status: 'active',
      created_at: at,
      updated_at: at,
      ...subscription,
    })
    .execute();

/** Adds an app and uses of it, and returns the ids of the uses. */
export async function addUses(
  db: Db,
  credit_cost: number,
  uses: readonly (Pick<Insertable<AppUsage>, 'user_id' | 'created_at'> &
    Partial<Insertable<AppUsage>>)[],
): Promise<string[]> {
  const app = await db
    .insertInto('app_catalog')
    .values({
      slug: nextName(),
      name: 'An app',
      category: 'writing',
      credit_cost,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const rows = await db
    .insertInto('app_usage')
    .values(
      uses.map((use) => ({ app_id: app.id, credits_used: credit_cost, success: true, ...use })),
    )
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
