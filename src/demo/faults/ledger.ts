import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';
import { before, hour, minute } from '../time.ts';
import { withoutCheck, withoutTriggers } from '../without-triggers.ts';
import { nextId } from './ids.ts';
import { addBooking, addPayment, addUses } from './money-rows.ts';
import { addUser } from './users.ts';

/** Adds a user whose bookings no trigger saw: each names its own balance. The profile shows `credits`. */
async function addLedger(
  db: Db,
  credits: number,
  ...bookings: [amount: number, balance_after: number][]
): Promise<void> {
  const user_id = await addUser(db);
  await withoutTriggers(db, ['credits', 'profiles'], async (trx) => {
    for (const [amount, balance_after] of bookings)
      await trx
        .insertInto('credits')
        .values({ user_id, amount, type: 'refund', balance_after })
        .execute();
    await trx.updateTable('profiles').set({ credits }).where('id', '=', user_id).execute();
  });
}

/** Adds a user who got 100 credits two days ago. */
async function addWelcomedUser(db: Db, now: Date): Promise<string> {
  const user_id = await addUser(db);
  await addBooking(db, before(now, 48 * hour), { user_id, amount: 100, type: 'bonus' });
  return user_id;
}

const purchase = (provider_transaction_id: string) => ({
  amount: 100,
  type: 'purchase' as const,
  metadata: { provider_transaction_id },
});

export const ledgerFaults: Fault[] = [
  {
    name: 'ledger.cached-credits',
    title: 'A profile shows more credits than its ledger says',
    plant: (db) => addLedger(db, 900, [100, 100]),
    lookalike: (db) => addLedger(db, 60, [100, 100], [-40, 60]),
  },
  {
    name: 'ledger.balance-chain',
    title: 'The newest balance of a user is not the sum of the bookings',
    plant: (db) => addLedger(db, 100, [100, 100], [-30, 100]),
    // A wrong balance that a later booking mended.
    lookalike: (db) => addLedger(db, 5, [10, 15], [-5, 5]),
  },
  {
    name: 'ledger.negative-balance',
    title: 'A user spent more credits than there were',
    // The schema allows a balance below zero in a booking that adds credits.
    plant: (db) => addLedger(db, -4, [1, -5], [1, -4]),
    lookalike: (db) => addLedger(db, 0, [10, 10], [-10, 0]),
  },
  {
    name: 'ledger.usage-without-debit',
    title: 'An app was used an hour ago, and nothing was debited',
    async plant(db, now) {
      const user_id = await addWelcomedUser(db, now);
      await addUses(db, 5, [{ user_id, created_at: before(now, hour) }]);
    },
    async lookalike(db, now) {
      const at = before(now, hour);
      const user_id = await addWelcomedUser(db, now);
      // A debit may still come; a failed use; debited, with a refund later; two uses in one debit; and a free app.
      await addUses(db, 5, [
        { user_id, created_at: before(now, 2 * minute) },
        { user_id, created_at: at, success: false },
        { user_id, created_at: before(now, 3 * hour) },
        { user_id, created_at: before(now, 5 * hour) },
        { user_id, created_at: before(now, 5 * hour - minute) },
      ]);
      await addUses(db, 0, [{ user_id, created_at: at }]);
      const debit = { user_id, type: 'usage' as const };
      await addBooking(db, before(now, 3 * hour), { ...debit, amount: -5 });
      await addBooking(db, before(now, 2 * hour), { user_id, amount: 5, type: 'refund' });
      await addBooking(db, before(now, 5 * hour), { ...debit, amount: -10 });
      // A member whose organization pays.
      const member = await addUser(db);
      const organization = await db
        .insertInto('organizations')
        .values({ name: 'Guild', plan: 'team', credits_pool: 500, owner_id: user_id })
        .returning('id')
        .executeTakeFirstOrThrow();
      await db
        .insertInto('organization_members')
        .values({ organization_id: organization.id, user_id: member })
        .execute();
      await addUses(db, 5, [{ user_id: member, created_at: at }]);
    },
  },
  {
    name: 'ledger.one-grant-per-payment',
    title: 'A webhook that came twice booked the same payment twice',
    async plant(db, now) {
      const user_id = await addUser(db);
      const booking = purchase(`pi_${nextId().replaceAll('-', '')}`);
      await addBooking(db, before(now, hour), { user_id, ...booking });
      await addBooking(db, before(now, hour - minute), { user_id, ...booking });
    },
    async lookalike(db, now) {
      const user_id = await addUser(db);
      // Two payments; one whose second booking was corrected; one that the trigger alone booked.
      for (const id of ['pi_lookalike_a', 'pi_lookalike_b'])
        await addBooking(db, before(now, hour), { user_id, ...purchase(id) });
      const corrected = purchase('pi_lookalike_c');
      await addBooking(db, before(now, hour), { user_id, ...corrected });
      await addBooking(db, before(now, hour), { user_id, ...corrected });
      await addBooking(db, now, { user_id, ...corrected, amount: -100, type: 'refund' });
      await addPayment(db, before(now, hour), { user_id });
    },
  },
  {
    name: 'ledger.negative-pool',
    title: 'An organization spent more credits than its pool had',
    async plant(db) {
      await withoutCheck(db, 'organizations', 'organizations_credits_pool_check', (trx) =>
        trx.insertInto('organizations').values({ name: 'Guild', credits_pool: -20 }).execute(),
      );
    },
    async lookalike(db) {
      const pools = [0, null, 12].map((credits_pool) => ({ name: 'Guild', credits_pool }));
      await db.insertInto('organizations').values(pools).execute();
    },
  },
];
