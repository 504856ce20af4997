/**
 * Payments as providers tell of them: twice, late, or in the wrong order. Triggers on `transactions`
 * let a state only move forward and book the credits with it; here is decided what an event means.
 */
import { sql, type Selectable, type Transaction } from 'kysely';
import { BadInputError, document, text, time, uuid, whole, word } from '../bad-input.ts';
import type { Database, Db } from '../connect.ts';
import { explaining } from '../constraint-errors.ts';
import { NotFoundError, UsageError } from '../../errors.ts';
import type { Transactions } from '../tables.ts';
import { ledgerErrors, mostCredits } from './ledger.ts';

export type PaymentRow = Selectable<Transactions>;

/** The event says something else about this payment than what is recorded. Nothing was changed. */
export class PaymentConflictError extends UsageError {}

/** No such user, or no such payment yet: an event that came before its payment is sent again. */
export class UnknownPaymentError extends NotFoundError {
  override readonly retryable = true;
}

interface ProviderEvent {
  provider: PaymentRow['provider'];
  /** what the provider calls the payment; 255 characters at most */
  provider_transaction_id: string;
  /** what the provider calls this event; 255 characters at most */
  event_id: string;
  /** when it happened there, not when it came */
  event_at: Date;
}

export interface PaymentEvent extends ProviderEvent {
  user_id: string;
  type: 'purchase' | 'subscription';
  status: PaymentRow['status'];
  /** hundredths of the currency */
  amount_cents: number;
  /** three capital letters; USD unless told */
  currency?: string | undefined;
  /** credits that the payment is worth; booked once, when it is completed */
  credits_granted: number;
  metadata?: Record<string, unknown> | undefined;
}

export interface RecordedPayment {
  payment: PaymentRow;
  /** false: the event came again or too late, and nothing was changed */
  changed: boolean;
}

const happened = ({ event_id, event_at }: ProviderEvent) => ({
  last_event_id: text('event_id', event_id, 255),
  last_event_at: time('event_at', event_at),
});

function paymentOf(event: PaymentEvent) {
  const { currency = 'USD', metadata } = event;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
    throw new BadInputError('currency', 'has to be three capital letters');
  return {
    user_id: uuid('user_id', event.user_id),
    provider: word('provider', event.provider, ['stripe', 'paypal']),
    provider_transaction_id: text('provider_transaction_id', event.provider_transaction_id, 255),
    type: word('type', event.type, ['purchase', 'subscription']),
    status: word('status', event.status, ['pending', 'completed', 'failed', 'refunded']),
    amount_cents: whole('amount_cents', event.amount_cents, 0, mostCredits),
    currency,
    credits_granted: whole('credits_granted', event.credits_granted, 0, mostCredits),
    metadata: metadata === undefined ? null : document('metadata', metadata),
    ...happened(event),
  };
}
type Payment = ReturnType<typeof paymentOf>;

const conflict = (why: string) =>
  new PaymentConflictError({
    what: 'the payment was not recorded',
    why,
    hint: 'compare the payment with the provider; the event was not applied',
  });

/** The user's row first, as bookings and a user's deletion do: another order would deadlock with them. */
async function lockUser(trx: Transaction<Database>, userId: string): Promise<void> {
  const { rows } = await sql`SELECT FROM profiles WHERE id = ${userId} FOR NO KEY UPDATE`.execute(
    trx,
  );
  if (rows.length === 0) throw unknown('user_id is no user');
}

const unknown = (why: string) =>
  new UnknownPaymentError({
    what: 'the payment was not recorded',
    why,
    hint: 'let the provider send the event again',
  });

const find = (db: Db, id: string) =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('provider_transaction_id', '=', id)
    .executeTakeFirst();

function compare(known: PaymentRow, event: Payment): void {
  if (known.user_id !== event.user_id)
    throw conflict('provider_transaction_id belongs to another user');
  for (const field of ['provider', 'type', 'amount_cents', 'currency'] as const)
    if (known[field] !== event[field]) throw conflict(`${field} differs from what is recorded`);
  if (known.status === 'completed' && event.status === 'completed')
    if (known.credits_granted !== event.credits_granted)
      throw conflict('credits_granted differs from what was booked');
}

/** Failed and completed exclude each other: the later one, by the provider's time, is not lost in silence. */
function contradicts(known: PaymentRow, event: Payment): boolean {
  const both = [known.status, event.status].toSorted().join();
  const late = known.last_event_at !== null && event.last_event_at < known.last_event_at;
  return !late && (both === 'completed,failed' || both === 'failed,refunded');
}

const goesForward = ({ status }: PaymentRow, to: PaymentRow['status']) =>
  status === 'pending' ? to !== 'pending' : status === 'completed' && to === 'refunded';

/**
 * Records what a provider says about a payment, in one transaction with the credits. Safe to call again
 * with the same event, and with events in any order. Throws BadInputError, {@link PaymentConflictError},
 * {@link UnknownPaymentError}.
 */
export async function recordPayment(db: Db, event: PaymentEvent): Promise<RecordedPayment> {
  const given = paymentOf(event);
  return explaining('the payment was not recorded', ledgerErrors, () =>
    db.transaction().execute(async (trx) => {
      await lockUser(trx, given.user_id);
      const added = await trx
        .insertInto('transactions')
        .values(given)
        .onConflict((conflict) => conflict.column('provider_transaction_id').doNothing())
        .returning('id')
        .executeTakeFirst();
      const known = (await find(trx, given.provider_transaction_id))!;
      if (added) return { payment: known, changed: true };
      compare(known, given);
      if (contradicts(known, given))
        throw conflict(`it is ${known.status}, a newer event says ${given.status}`);
      if (!goesForward(known, given.status)) return { payment: known, changed: false };
      const { status, credits_granted, last_event_id, last_event_at } = given;
      // What a pending payment is worth may still change; what was booked may not.
      const worth = known.status === 'pending' ? { credits_granted } : {};
      return move(trx, known, { status, last_event_id, last_event_at, ...worth });
    }),
  );
}

async function move(
  trx: Transaction<Database>,
  known: PaymentRow,
  to: Partial<Pick<Payment, 'status' | 'credits_granted' | 'last_event_id' | 'last_event_at'>>,
): Promise<RecordedPayment> {
  await trx.updateTable('transactions').set(to).where('id', '=', known.id).execute();
  return { payment: (await find(trx, known.provider_transaction_id!))!, changed: true };
}

/**
 * Takes a payment back whole. Credits that are still there are taken; those that were spent stay spent,
 * because no balance goes below zero, and their number stands in the payment's metadata as
 * `credits_shortfall`. A refund that comes before its payment's completion leaves nothing to grant.
 * Throws BadInputError, {@link PaymentConflictError}, {@link UnknownPaymentError}.
 */
export async function refundPayment(db: Db, event: ProviderEvent): Promise<RecordedPayment> {
  const id = text('provider_transaction_id', event.provider_transaction_id, 255);
  const provider = word('provider', event.provider, ['stripe', 'paypal']);
  const to = { status: 'refunded' as const, ...happened(event) };
  return explaining('the payment was not refunded', ledgerErrors, () =>
    db.transaction().execute(async (trx) => {
      const seen = await find(trx, id);
      if (!seen?.user_id) throw unknown('provider_transaction_id is not known (yet)');
      await lockUser(trx, seen.user_id);
      const known = await find(trx, id);
      if (!known) throw unknown('provider_transaction_id is gone');
      if (known.provider !== provider) throw conflict('provider differs from what is recorded');
      if (known.status === 'failed') throw conflict('it is failed, there is nothing to refund');
      if (known.status === 'refunded') return { payment: known, changed: false };
      return move(trx, known, to);
    }),
  );
}
