/** An event of a payment provider, checked. */
import type { Selectable } from 'kysely';
import {
  BadInputError,
  object,
  text,
  instant,
  uuid,
  wholeNumber,
  oneOf,
} from '../../database/faults/bad-input.ts';
import { jsonText } from '../../database/json-input.ts';
import type { Transactions } from '../../database/tables.ts';
import { maxCredits } from './ledger.ts';

export type PaymentRow = Selectable<Transactions>;

export interface ProviderEvent {
  provider: PaymentRow['provider'];
  /** what the provider calls the payment; 255 characters at most */
  provider_transaction_id: string;
  /** what the provider calls this event; 255 characters at most */
  event_id: string;
  /** when it happened at the provider, not when it arrived */
  event_at: Date;
}

export interface PaymentEvent extends ProviderEvent {
  user_id: string;
  type: 'purchase' | 'subscription';
  status: PaymentRow['status'];
  /** hundredths of the currency */
  amount_cents: number;
  /** three capital letters; USD by default */
  currency?: string | undefined;
  /**
   * credits that the payment is worth; booked once, when it is completed. Until then the newest event's figure
   * counts; a refund's figure is ignored.
   */
  credits_granted: number;
  /** kept from the first event that has any */
  metadata?: Record<string, unknown> | undefined;
}

export const eventColumns = ({ event_id, event_at }: ProviderEvent) => ({
  last_event_id: text('event_id', event_id, 255),
  last_event_at: instant('event_at', event_at),
});
export type EventColumns = ReturnType<typeof eventColumns>;

export function paymentOf(event: PaymentEvent) {
  const { currency = 'USD', metadata } = object('event', event);
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
    throw new BadInputError('currency', 'has to be three capital letters');
  return {
    user_id: uuid('user_id', event.user_id),
    provider: oneOf('provider', event.provider, ['stripe', 'paypal']),
    provider_transaction_id: text('provider_transaction_id', event.provider_transaction_id, 255),
    type: oneOf('type', event.type, ['purchase', 'subscription']),
    status: oneOf('status', event.status, ['pending', 'completed', 'failed', 'refunded']),
    amount_cents: wholeNumber('amount_cents', event.amount_cents, 0, maxCredits),
    currency,
    credits_granted: wholeNumber('credits_granted', event.credits_granted, 0, maxCredits),
    metadata: metadata === undefined ? null : jsonText('metadata', metadata),
    ...eventColumns(event),
  };
}
export type Payment = ReturnType<typeof paymentOf>;
