import { sql, type Selectable } from 'kysely';
import type { DatabaseError } from 'pg';
import type { Explanation } from '../../ground/errors.ts';
import {
  BadInputError,
  object,
  text,
  uuid,
  wholeNumber,
  oneOf,
} from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { ConstraintError, explaining } from '../../database/faults/constraint-errors.ts';
import { jsonText } from '../../database/json-input.ts';
import type { Credits } from '../../database/tables.ts';

export type LedgerRow = Selectable<Credits>;

/** The largest balance that the documented INTEGER can hold. */
export const maxCredits = 2_147_483_647;

/** More credits were to be spent than there are. */
export class InsufficientCreditsError extends ConstraintError {}
/** Another booking has used this idempotency key. */
export class BookingKeyReusedError extends ConstraintError {}
/** The user has no profile, or no longer has one. */
export class UnknownUserError extends ConstraintError {}

/** The balance would be more than INTEGER can hold: {@link maxCredits}. */
export class BalanceLimitError extends ConstraintError {
  override readonly table = 'credits';
  override readonly column = 'balance_after';

  constructor({ what, hint }: Explanation, refused: DatabaseError) {
    const why = `credits.balance_after may be ${maxCredits} at most`;
    super({ what, why, hint }, refused);
  }
}

export const ledgerErrors = {
  '22003': BalanceLimitError,
  credits_balance_after_check: InsufficientCreditsError,
  credits_user_id_idempotency_key_key: BookingKeyReusedError,
  credits_user_id_fkey: UnknownUserError,
};

export interface Booking {
  user_id: string;
  /** whole credits: purchase and bonus add, usage subtracts (below zero), refund does either */
  amount: number;
  type: LedgerRow['type'];
  /** 2,000 characters at most */
  description?: string | undefined;
  /** 200 characters at most; a second booking with the same key returns the first row */
  idempotency_key?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

function signedAmount(type: LedgerRow['type'], amount: number): number {
  const credits = wholeNumber('amount', amount, -maxCredits, maxCredits);
  if (type === 'usage' && credits >= 0)
    throw new BadInputError('amount', 'has to be below zero for type usage');
  if (type !== 'usage' && type !== 'refund' && credits <= 0)
    throw new BadInputError('amount', `has to be above zero for type ${type}`);
  if (credits === 0) throw new BadInputError('amount', 'must not be zero');
  return credits;
}

/**
 * Books one entry. The balance and profiles.credits change with it, or nothing changes. Throws BadInputError, {@link
 * InsufficientCreditsError}, {@link BalanceLimitError}, {@link BookingKeyReusedError}, {@link UnknownUserError}.
 */
export async function bookCredits(db: Db, booking: Booking): Promise<LedgerRow> {
  const user = uuid('user_id', object('booking', booking).user_id);
  const type = oneOf('type', booking.type, ['purchase', 'usage', 'refund', 'bonus']);
  const amount = signedAmount(type, booking.amount);
  const { description, idempotency_key, metadata } = booking;
  const about = description === undefined ? null : text('description', description, 2000);
  const key = idempotency_key === undefined ? null : text('idempotency_key', idempotency_key, 200);
  const data = metadata === undefined ? null : jsonText('metadata', metadata);
  return explaining('the credits were not booked', ledgerErrors, async () => {
    const { rows } = await sql<LedgerRow>`
      SELECT * FROM engine.book_credits(${user}::uuid, ${amount}::int, ${type}, ${about}, ${key},
                                        ${data}::jsonb)`.execute(db);
    return rows[0]!;
  });
}

/** The sum of a user's ledger in whole credits; 0 without a row. Throws BadInputError. */
export async function creditBalance(db: Db, userId: string): Promise<number> {
  const { rows } = await sql<{ balance: number }>`
    SELECT public.get_user_credits(${uuid('user_id', userId)}::uuid) AS balance`.execute(db);
  return rows[0]!.balance;
}

/**
 * A user's ledger, the newest booking first, ordered by seq: created_at is the start of a transaction, so it gives no
 * order. `before` is the seq of the last row of the page before. Throws BadInputError.
 */
export async function ledgerPage(
  db: Db,
  userId: string,
  request: { before?: string | undefined; limit?: number | undefined } = {},
): Promise<LedgerRow[]> {
  const { before, limit = 50 } = object('request', request);
  if (before !== undefined && (typeof before !== 'string' || !/^\d{1,18}$/.test(before)))
    throw new BadInputError('before', 'has to be the seq of a row');
  let query = db
    .selectFrom('credits')
    .selectAll()
    .where('user_id', '=', uuid('user_id', userId))
    .orderBy('seq', 'desc')
    .limit(wholeNumber('limit', limit, 1, 200));
  if (before !== undefined) query = query.where('seq', '<', before);
  return query.execute();
}
