/**
 * Payments as providers report them: twice, late, or in the wrong order. Triggers on `transactions` let a state only
 * move forward, and book the credits with it; this file decides what an event means.
 */
import { sql, type Transaction } from 'kysely';
import { object, text, oneOf } from '../../database/faults/bad-input.ts';
import type { Database, Db } from '../../database/connect.ts';
import { explaining } from '../../database/faults/constraint-errors.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { inTransaction } from '../../database/transaction.ts';
import { ledgerErrors } from './ledger.ts';
import {
  eventColumns,
  paymentOf,
  type Payment,
  type PaymentEvent,
  type PaymentRow,
  type ProviderEvent,
} from './payment-events.ts';
import { changesOf, requireSamePayment, conflict, decides } from './payment-states.ts';

export type { PaymentEvent, PaymentRow, ProviderEvent } from './payment-events.ts';
export { PaymentConflictError } from './payment-states.ts';

/**
 * The user does not exist, or the payment is not recorded yet: the provider has to send an event again that came
 * before its payment.
 */
export class UnknownPaymentError extends NotFoundError {
  override readonly retryable = true;
}

export interface RecordedPayment {
  payment: PaymentRow;
  /** false: the event came again or too late, and changed neither state nor credits */
  changed: boolean;
}

/** Locks the user's row first, as bookings and the deletion of a user do: another order would deadlock with them. */
async function lockUser(trx: Transaction<Database>, userId: string): Promise<void> {
  const { rows } = await sql`SELECT FROM profiles WHERE id = ${userId} FOR NO KEY UPDATE`.execute(
    trx,
  );
  if (rows.length === 0) throw unknown('user_id is not a user');
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

/**
 * Records a provider's event about a payment, in one transaction with the credits: the given one, or a new one. It is
 * safe to call it again with the same event, and with events in any order: a state only moves on, from pending to
 * failed to completed to refunded. Throws BadInputError, {@link PaymentConflictError}, {@link UnknownPaymentError},
 * BalanceLimitError; ConstraintError is retryable when two transactions met.
 */
export async function recordPayment(db: Db, event: PaymentEvent): Promise<RecordedPayment> {
  const given = paymentOf(event);
  return explaining('the payment was not recorded', ledgerErrors, () =>
    inTransaction(db, async (trx) => {
      await lockUser(trx, given.user_id);
      const added = await trx
        .insertInto('transactions')
        .values(given)
        .onConflict((conflict) => conflict.column('provider_transaction_id').doNothing())
        .returning('id')
        .executeTakeFirst();
      const known = (await find(trx, given.provider_transaction_id))!;
      if (added) return { payment: known, changed: true };
      requireSamePayment(known, given);
      return change(trx, known, changesOf(known, given));
    }),
  );
}

async function change(
  trx: Transaction<Database>,
  known: PaymentRow,
  to: Partial<Payment>,
): Promise<RecordedPayment> {
  if (Object.keys(to).length === 0) return { payment: known, changed: false };
  await trx.updateTable('transactions').set(to).where('id', '=', known.id).execute();
  const payment = (await find(trx, known.provider_transaction_id!))!;
  const { status, credits_granted } = payment;
  const changed =
    status !== known.status || (status !== 'refunded' && credits_granted !== known.credits_granted);
  return { payment, changed };
}

/**
 * Takes back a whole payment. Credits that are still in the balance are taken. Credits that were spent stay spent,
 * because no balance goes below zero; their number stands in the payment's metadata as `credits_shortfall`. After a
 * refund that comes before the completion, the completion grants nothing. Runs in the given transaction, or a new
 * one. Throws BadInputError, {@link PaymentConflictError}, {@link UnknownPaymentError}.
 */
export async function refundPayment(db: Db, event: ProviderEvent): Promise<RecordedPayment> {
  const id = text('provider_transaction_id', object('event', event).provider_transaction_id, 255);
  const provider = oneOf('provider', event.provider, ['stripe', 'paypal']);
  const to = { status: 'refunded' as const, ...eventColumns(event) };
  return explaining('the payment was not refunded', ledgerErrors, () =>
    inTransaction(db, async (trx) => {
      const seen = await find(trx, id);
      if (!seen?.user_id) throw unknown('provider_transaction_id is not known (yet)');
      await lockUser(trx, seen.user_id);
      const known = await find(trx, id);
      if (!known) throw unknown('provider_transaction_id is gone');
      if (known.provider !== provider) throw conflict('provider differs from what is recorded');
      return change(trx, known, decides(to, 'refunded', known) ? to : {});
    }),
  );
}
