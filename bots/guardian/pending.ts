/** Payments that neither succeed nor fail. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { daysBefore, minutesBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { paymentInWords } from './name-payment.ts';
import { isLive, timeSinceInWords, maxRead, reportRows, type Wrong } from './report.ts';

interface Pending extends Wrong {
  provider: string;
  provider_transaction_id: string | null;
  user_id: string | null;
  type: string;
  amount_cents: number;
  currency: string | null;
  created_at: string | null;
  is_slow: boolean;
}

/**
 * Whether the provider takes days for it: the payment is `processing`, PayPal names a reason, or its means of payment is one of
 * slow_methods. Where a card is among the offered means, the means say nothing.
 */
const isSlow = ({ slow_methods }: Config) => sql`(
  'processing' IN (lower(t.metadata ->> 'status'), lower(t.metadata ->> 'payment_status'), lower(t.metadata ->> 'provider_status'))
  OR t.metadata ->> 'pending_reason' <> ''
  OR lower(coalesce(t.metadata ->> 'payment_method_type', t.metadata ->> 'payment_method', t.metadata ->> 'method'))
     = ANY (${slow_methods}::text[])
  OR (t.metadata -> 'payment_method_types' ?| ${slow_methods}::text[]
      AND NOT t.metadata -> 'payment_method_types' ? 'card'))`;

export function findPending(config: Config, context: CheckContext): Promise<CheckResult> {
  const { now } = context;
  return reportRows<Pending>(config, context, {
    rows: sql`
      SELECT *, coalesce(begun_at < CASE WHEN is_slow THEN ${daysBefore(now, config.slow_pending_days)}::timestamptz
                                    ELSE ${minutesBefore(now, config.pending_minutes)}::timestamptz END, true) AS wrong
      FROM (
        SELECT t.id, t.provider, t.provider_transaction_id, t.user_id, t.type, t.amount_cents, t.currency, t.created_at,
          coalesce(t.created_at, t.updated_at) AS begun_at, coalesce(${isSlow(config)}, false) AS is_slow
        FROM transactions t WHERE t.status = 'pending' AND ${isLive(config)}
        ORDER BY t.created_at LIMIT ${maxRead + 1}
      ) t`,
    order: sql`begun_at`,
    examined: 'pending payments',
    found: 'payments pending for too long',
    component: 'transactions',
    finding: ({ id, is_slow, ...row }) => ({
      // After 30 minutes a webhook may be late; after a day it was lost.
      severity:
        row.created_at === null || new Date(row.created_at) < daysBefore(now, 1)
          ? 'high'
          : 'medium',
      title: `Payment ${paymentInWords({ id, ...row })} at ${row.provider} has been pending for ${timeSinceInWords(row.created_at, now)}`,
      description: is_slow
        ? 'Its means of payment takes days, and it has been pending for longer than slow_pending_days.'
        : 'The provider has decided, and the platform was not told or did not record it.',
      metadata: { transaction_id: id, ...row, slow_method: is_slow },
    }),
  });
}
