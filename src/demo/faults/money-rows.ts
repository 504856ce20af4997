/** Users, payments and bookings as faults of `guardian` and `ledger` need them. */
import { sql, type Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type {
  AppUsage,
  Credits,
  Profiles,
  Subscriptions,
  Transactions,
} from '../../database/tables.ts';
import { withoutTriggers } from '../without-triggers.ts';
import { nextId, nextName } from './ids.ts';

export const minute = 60_000;
export const hour = 3_600_000;
export const before = (now: Date, milliseconds: number): Date =>
  new Date(now.getTime() - milliseconds);

export async function addUser(db: Db, values: Partial<Insertable<Profiles>> = {}): Promise<string> {
  const id = nextId();
  const email = `${id}@moonfold.test`;
  await sql`INSERT INTO auth.users (id, email) VALUES (${id}, ${email})`.execute(db);
  // Another migration may add a profile for each user.
  await db
    .insertInto('profiles')
    .values({ id, email, ...values })
    .execute();
  return id;
}

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

/** A payment whose row was written past the triggers: it books nothing. */
export const addBarePayment = (db: Db, at: Date, payment: Payment): Promise<string> =>
  withoutTriggers(db, ['transactions'], (trx) => addPayment(trx, at, payment));

/** The trigger computes the balance. */
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

/** An app, and uses of it. */
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
