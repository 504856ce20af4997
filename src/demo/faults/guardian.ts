import type { Db } from '../../database/connect.ts';
import { before, day, hour, minute } from '../time.ts';
import type { Fault } from './fault.ts';
import { addUnbookedPayment, addBooking, addPayment, addSubscription } from './money-rows.ts';
import { nextId } from './ids.ts';
import { addUser } from './users.ts';

/** Adds users, each with one payment of ten minutes ago. */
async function addPayers(db: Db, now: Date, count: number, status: 'completed' | 'failed') {
  for (let i = 0; i < count; i++)
    await addPayment(db, before(now, 10 * minute), { user_id: await addUser(db), status });
}

export const guardianFaults: Fault[] = [
  {
    name: 'guardian.pending-payments',
    title: 'A payment by card has been pending for two hours',
    async plant(db, now) {
      const user_id = await addUser(db);
      await addPayment(db, before(now, 2 * hour), { user_id, status: 'pending' });
    },
    async lookalike(db, now) {
      const user_id = await addUser(db);
      const pending = { user_id, status: 'pending' as const };
      await addPayment(db, before(now, 20 * minute), pending);
      const method = { payment_method_type: 'sepa_debit' };
      await addPayment(db, before(now, 6 * day), { ...pending, metadata: method });
      const processing = { status: 'processing', payment_method_types: ['card'] };
      await addPayment(db, before(now, 2 * day), { ...pending, metadata: processing });
      const echeck = { pending_reason: 'echeck' };
      await addPayment(db, before(now, 3 * day), {
        ...pending,
        provider: 'paypal',
        metadata: echeck,
      });
      await addPayment(db, before(now, 5 * hour), { ...pending, metadata: { livemode: false } });
    },
  },
  {
    name: 'guardian.failed-payments',
    title: 'The payments of many users failed within the hour',
    async plant(db, now) {
      // More than a tenth of all who paid lately, however many these are.
      const { payers } = await db
        .selectFrom('transactions')
        .select(({ fn }) => fn.countAll<string>().as('payers'))
        .where('created_at', '>=', before(now, hour))
        .executeTakeFirstOrThrow();
      await addPayers(db, now, 6 + Math.ceil(Number(payers) / 8), 'failed');
    },
    async lookalike(db, now) {
      await addPayers(db, now, 8, 'completed');
      // One card that is refused again and again, and a user whose second card was taken.
      const user_id = await addUser(db);
      for (let i = 0; i < 30; i++)
        await addPayment(db, before(now, i * minute), { user_id, status: 'failed' });
      const paid = await addUser(db);
      await addPayment(db, before(now, 9 * minute), { user_id: paid, status: 'failed' });
      await addPayment(db, before(now, 8 * minute), { user_id: paid });
    },
  },
  {
    name: 'guardian.completed-without-credits',
    title: 'A completed payment never gave its credits',
    async plant(db, now) {
      await addUnbookedPayment(db, before(now, hour), { user_id: await addUser(db) });
    },
    async lookalike(db, now) {
      const user_id = await addUser(db);
      await addPayment(db, before(now, 2 * hour), { user_id });
      // A booking may still come; a test payment; a subscription without credits; booked before the triggers existed.
      await addUnbookedPayment(db, before(now, 2 * minute), { user_id });
      await addUnbookedPayment(db, before(now, hour), { user_id, metadata: { livemode: false } });
      await addUnbookedPayment(db, before(now, hour), {
        user_id,
        type: 'subscription',
        credits_granted: null,
      });
      await addUnbookedPayment(db, before(now, 3 * hour), { user_id, credits_granted: 70 });
      await addBooking(db, before(now, 3 * hour), { user_id, amount: 70, type: 'purchase' });
    },
  },
  {
    name: 'guardian.granted-twice',
    title: "The platform's code booked a payment's credits a second time, after the trigger",
    async plant(db, now) {
      const user_id = await addUser(db);
      await addPayment(db, before(now, hour), { user_id });
      // The booking of the trigger has its own time, which is now.
      await addBooking(db, now, { user_id, amount: 100, type: 'purchase' });
    },
    async lookalike(db, now) {
      // The same pack twice is two payments.
      const user_id = await addUser(db);
      await addPayment(db, before(now, hour), { user_id });
      await addPayment(db, before(now, 59 * minute), { user_id });
      // A second booking that was corrected.
      const corrected = await addUser(db);
      const transaction_id = await addPayment(db, before(now, hour), { user_id: corrected });
      const metadata = { transaction_id };
      const booking = { user_id: corrected, metadata };
      await addBooking(db, now, { ...booking, amount: 100, type: 'purchase' });
      await addBooking(db, now, { ...booking, amount: -100, type: 'refund' });
      // A gift of the same size.
      await addBooking(db, now, { user_id, amount: 100, type: 'bonus' });
    },
  },
  {
    name: 'guardian.refunds-without-debit',
    title: 'A payment was refunded, and its credits were not taken back',
    async plant(db, now) {
      const user_id = await addUser(db);
      const at = before(now, hour);
      await addUnbookedPayment(db, at, { user_id, status: 'refunded' });
      await addBooking(db, before(now, 2 * hour), { user_id, amount: 100, type: 'purchase' });
    },
    async lookalike(db, now) {
      const at = before(now, hour);
      // Credits taken back in part; spent before the refund; never booked; and only a part of the money refunded.
      const part = await addUser(db);
      await addBooking(db, at, { user_id: part, amount: 100, type: 'purchase' });
      await addBooking(db, at, { user_id: part, amount: -40, type: 'refund' });
      await addUnbookedPayment(db, at, { user_id: part, status: 'refunded' });
      const spent = await addUser(db);
      await addBooking(db, at, { user_id: spent, amount: 100, type: 'purchase' });
      const metadata = { credits_shortfall: 100 };
      await addUnbookedPayment(db, at, { user_id: spent, status: 'refunded', metadata });
      await addUnbookedPayment(db, at, { user_id: await addUser(db), status: 'refunded' });
      const kept = await addUser(db);
      await addPayment(db, before(now, 2 * hour), { user_id: kept });
      await addPayment(db, at, {
        user_id: kept,
        type: 'refund',
        amount_cents: -400,
        credits_granted: 0,
      });
    },
  },
  {
    name: 'guardian.past-period',
    title: 'An active subscription was neither renewed nor ended for a week',
    async plant(db, now) {
      const user_id = await addUser(db);
      await addSubscription(db, now, { user_id, current_period_end: before(now, 7 * day) });
    },
    async lookalike(db, now) {
      const user_id = await addUser(db);
      const week = { user_id, current_period_end: before(now, 7 * day) };
      await addSubscription(db, now, { user_id, current_period_end: before(now, 2 * hour) });
      await addSubscription(db, now, { ...week, status: 'past_due' });
      await addSubscription(db, now, { ...week, status: 'canceled' });
      await addSubscription(db, now, { ...week, status: 'expired' });
      await addSubscription(db, now, { user_id, current_period_end: null });
    },
  },
  {
    name: 'guardian.profile-disagrees',
    title: 'A user pays for a subscription that the profile calls expired',
    async plant(db, now) {
      const at = before(now, hour);
      const user_id = await addUser(db, {
        subscription_status: 'expired',
        subscription_tier: 'standard',
        updated_at: at,
      });
      await addSubscription(db, at, { user_id, current_period_end: before(now, -20 * day) });
    },
    async lookalike(db, now) {
      const at = before(now, hour);
      const later = before(now, -20 * day);
      const active = { subscription_status: 'active', subscription_tier: 'standard' } as const;
      // A free subscription; one of a minute ago; past_due; canceled, but paid for; an expired one beside a new one.
      await addUser(db, { ...active, updated_at: at });
      const fresh = await addUser(db, { updated_at: at });
      await addSubscription(db, before(now, minute), { user_id: fresh, current_period_end: later });
      const late = await addUser(db, { ...active, updated_at: at });
      const pastDue = { user_id: late, status: 'past_due' as const, current_period_end: at };
      await addSubscription(db, at, pastDue);
      for (const subscription_status of ['active', 'canceled'] as const) {
        const user_id = await addUser(db, { ...active, subscription_status, updated_at: at });
        const canceled = { user_id, status: 'canceled' as const, current_period_end: later };
        await addSubscription(db, at, canceled);
      }
      const moved = await addUser(db, { ...active, updated_at: at, subscription_id: nextId() });
      await addSubscription(db, at, { user_id: moved, status: 'expired', tier: 'light' });
      await addSubscription(db, at, { user_id: moved, current_period_end: later });
    },
  },
];
