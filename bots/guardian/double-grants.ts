/** Payments whose credits were given more than once. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { daysBefore } from '../parts/time.ts';
import { openIds } from '../parts/open-findings.ts';
import type { Config } from './config.ts';
import { namesNoPayment } from './missing-grants.ts';
import { paymentInWords } from './name-payment.ts';
import { maxRead, reportRows, type Wrong } from './report.ts';

interface Doubled extends Wrong {
  provider: string;
  provider_transaction_id: string | null;
  user_id: string;
  amount_cents: number;
  currency: string | null;
  credits_granted: number | null;
  given: number;
  bookings: number;
}

/** The id of the payment that a booking `c` names, as text. */
const namedPayment = sql`coalesce(CASE WHEN c.idempotency_key LIKE 'payment:%' THEN substr(c.idempotency_key, 9) END,
  c.metadata ->> 'transaction_id')`;

/**
 * Counts the bookings that name a payment, and those without any name that came within minutes of one that does: the platform's
 * trigger books, and code that books as well grants twice. A later booking below zero that names the payment corrects it; the
 * debit of a refund does not.
 */
export function findDoubled(config: Config, context: CheckContext): Promise<CheckResult> {
  const { now } = context;
  const from = daysBefore(now, config.lookback_days);
  const near = config.grace_minutes * 60;
  return reportRows<Doubled>(config, context, {
    rows: sql`
      WITH purchases AS MATERIALIZED (
        SELECT c.id, c.user_id, c.amount, c.created_at, ${namedPayment} AS payment, ${namesNoPayment} AS is_nameless,
          coalesce(c.idempotency_key, '') LIKE 'payment:%' AS is_keyed
        FROM credits c
        WHERE c.type = 'purchase' AND c.amount > 0
          AND (c.created_at >= ${from} OR c.user_id = ANY (ARRAY(
            SELECT user_id FROM transactions WHERE id = ANY (${openIds('payments', 'granted-twice')}))))
        ORDER BY c.created_at DESC LIMIT ${maxRead + 1}
      ), grants AS (
        SELECT id, amount, payment, user_id FROM purchases WHERE payment IS NOT NULL
        -- The booking of the trigger may be older than the window.
        UNION SELECT c.id, c.amount, p.payment, p.user_id
        FROM purchases p JOIN credits c ON c.user_id = p.user_id AND c.idempotency_key = 'payment:' || p.payment
        WHERE NOT p.is_keyed
        -- A nameless booking near a payment that has a booking of its own counts for it, unless it fits a payment that has none.
        UNION (
          SELECT DISTINCT ON (nameless.id) nameless.id, nameless.amount, p.payment, p.user_id
          FROM purchases nameless JOIN purchases p ON p.user_id = nameless.user_id AND p.amount = nameless.amount
          WHERE nameless.is_nameless AND p.payment IS NOT NULL
            AND abs(extract(epoch FROM p.created_at - nameless.created_at)) <= ${near}::numeric
            AND NOT EXISTS (
              SELECT FROM transactions t
              WHERE t.user_id = nameless.user_id AND t.status IN ('completed', 'refunded') AND t.credits_granted = nameless.amount
                AND t.updated_at >= nameless.created_at - interval '1 day' AND t.created_at <= nameless.created_at + interval '1 day'
                AND NOT EXISTS (SELECT FROM credits c WHERE c.user_id = t.user_id AND c.idempotency_key = 'payment:' || t.id))
          ORDER BY nameless.id, abs(extract(epoch FROM p.created_at - nameless.created_at)), p.id
        )
      ), doubled AS (
        SELECT payment, user_id, count(*)::int AS bookings, sum(amount) AS amount
        FROM grants GROUP BY payment, user_id
      )
      SELECT t.id, t.provider, t.provider_transaction_id, d.user_id, t.amount_cents, t.currency, t.credits_granted, d.bookings, d.amount + coalesce(taken.amount, 0) AS given,
        coalesce(d.amount + coalesce(taken.amount, 0) > t.credits_granted, false) AS wrong
      FROM doubled d
      LEFT JOIN LATERAL (
        SELECT * FROM transactions t
        WHERE d.bookings > 1
          AND t.id = CASE WHEN d.payment ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN d.payment::uuid END
      ) t ON true
      LEFT JOIN LATERAL (
        SELECT sum(c.amount) AS amount FROM credits c
        WHERE d.bookings > 1 AND c.user_id = d.user_id AND c.amount < 0 AND c.metadata ->> 'transaction_id' = d.payment
          AND coalesce(c.idempotency_key, '') <> 'refund:' || d.payment
      ) taken ON true`,
    order: sql`given DESC`,
    examined: 'payments with bookings',
    found: 'payments granted twice',
    component: 'transactions',
    finding: ({ id, ...row }) => ({
      severity: 'high',
      title: `Payment ${paymentInWords({ id, ...row })} gave ${row.given} credits in ${row.bookings} bookings instead of ${row.credits_granted}`,
      description: 'The ledger has more than one booking for one payment.',
      metadata: { transaction_id: id, ...row },
    }),
  });
}
