/** Which row a payment's events lead to: the same one, in whatever order and however often they arrive. */
import { UsageError } from '../../ground/errors.ts';
import type { EventColumns, Payment, PaymentRow } from './payment-events.ts';

/** The event contradicts what is recorded about this payment. Nothing was changed. */
export class PaymentConflictError extends UsageError {}

export const conflict = (why: string) =>
  new PaymentConflictError({
    what: 'the payment was not recorded',
    why,
    hint: 'compare the payment with the provider; the event was not applied',
  });

/** A state only moves forward: a late failure does not undo a completion, nor a completion a refund. */
const states: readonly PaymentRow['status'][] = ['pending', 'failed', 'completed', 'refunded'];
const rank = (status: PaymentRow['status']): number => states.indexOf(status);

/** Throws {@link PaymentConflictError} when the event does not belong to this payment. */
export function requireSamePayment(known: PaymentRow, event: Payment): void {
  if (known.user_id !== event.user_id)
    throw conflict('provider_transaction_id belongs to another user');
  for (const field of ['provider', 'type', 'amount_cents', 'currency'] as const)
    if (known[field] !== event[field]) throw conflict(`${field} differs from what is recorded`);
  // A refund that came before the completion recorded 0; that 0 does not fix the figure.
  const fixed =
    known.status === 'completed' || (known.status === 'refunded' && known.credits_granted);
  if (
    fixed &&
    event.status === 'completed' &&
    event.credits_granted !== (known.credits_granted ?? 0)
  )
    throw conflict('credits_granted differs from what was booked');
}

/**
 * Of two events with the same state the later one counts, then the one with the greater id: every order leads to the
 * same row.
 */
function isNewer(event: EventColumns, known: PaymentRow): boolean {
  const [at, then] = [event.last_event_at.getTime(), known.last_event_at?.getTime() ?? -Infinity];
  return at === then ? event.last_event_id > (known.last_event_id ?? '') : at > then;
}

/** Whether the row gets `status` because of this event. */
export function decides(
  event: EventColumns,
  status: PaymentRow['status'],
  known: PaymentRow,
): boolean {
  const steps = rank(status) - rank(known.status);
  return steps > 0 || (steps === 0 && isNewer(event, known));
}

/** What the event changes in the row; empty when it came again or late. */
export function changesOf(known: PaymentRow, event: Payment): Partial<Payment> {
  const { status, credits_granted, last_event_id, last_event_at, metadata } = event;
  const granted = rank(known.status) >= rank('completed');
  const isDecisive = decides(event, status, known);
  const late = known.status === 'refunded' && status === 'completed' && !known.credits_granted;
  return {
    ...(isDecisive && { status, last_event_id, last_event_at }),
    ...((late ? credits_granted > 0 : isDecisive && !granted) && { credits_granted }),
    ...(known.metadata === null && metadata !== null && { metadata }),
  };
}
