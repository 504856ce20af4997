/** Payments that were paid back and whose credits the user still has. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { daysBefore, minutesBefore } from '../parts/time.ts';
import { openIds } from '../parts/open-findings.ts';
import type { Config } from './config.ts';
import { namesNoPayment } from './missing-grants.ts';
import { paymentInWords } from './name-payment.ts';
import { isLive, maxRead, reportRows, type Wrong } from './report.ts';

interface Undebited extends Wrong {
  payment_id: string;
  provider: string;
  provider_transaction_id: string | null;
  user_id: string | null;
  amount_cents: number;
  currency: string | null;
  credits_granted: number;
}

/** Whether booking `c` is about payment `p`: by its key, in its metadata, or because it names no payment at all. */
const isAbout = (
  key: string,
) => sql`(c.idempotency_key = ${key} || p.id OR c.metadata ->> 'transaction_id' = p.id::text
  OR (p.provider_transaction_id IS NOT NULL AND c.metadata ->> 'provider_transaction_id' = p.provider_transaction_id)
  OR ${namesNoPayment})`;

/** Credits that were spent before the refund cannot be taken back: the trigger notes how many these are. */
const shortfall = sql`CASE WHEN jsonb_typeof(p.metadata -> 'credits_shortfall') = 'number'
  THEN (p.metadata ->> 'credits_shortfall')::numeric ELSE 0 END`;

/**
 * Of each refund `r` and its payment `p`: whether the payment had given credits, and no debit followed. Any debit of the refund
 * is enough, because a part may be paid back.
 */
const isUndebited = sql`(
  p.credits_granted > 0 AND ${shortfall} < p.credits_granted
  AND EXISTS (SELECT FROM credits c WHERE c.user_id = p.user_id AND c.type = 'purchase' AND c.amount > 0 AND ${isAbout('payment:')}
              AND (c.amount = p.credits_granted OR NOT ${namesNoPayment}) AND c.created_at <= r.updated_at + interval '1 minute')
  AND NOT EXISTS (SELECT FROM credits c WHERE c.user_id = p.user_id AND c.amount < 0 AND ${isAbout('refund:')}
                  AND (NOT ${namesNoPayment} OR (c.type = 'refund' AND c.created_at >= least(r.created_at, r.updated_at) - interval '1 day'))))`;

/**
 * A refund is a payment that was set to refunded, or a row of type refund. Such a row counts only where it pays back the whole of a
 * payment that is still completed: the one that its metadata names, or else one of the same user, amount and currency.
 */
export function findUndebited(config: Config, context: CheckContext): Promise<CheckResult> {
  const { now } = context;
  const from = daysBefore(now, config.lookback_days);
  const until = minutesBefore(now, config.grace_minutes);
  return reportRows<Undebited>(config, context, {
    rows: sql`
      WITH refunds AS MATERIALIZED (
        SELECT t.* FROM transactions t
        WHERE (t.status = 'refunded' OR (t.status = 'completed' AND t.type = 'refund')) AND ${isLive(config)}
          AND (t.updated_at BETWEEN ${from} AND ${until}
               OR t.id = ANY (${openIds('payments', 'refunds-without-debit')}))
        ORDER BY t.updated_at DESC LIMIT ${maxRead + 1}
      )
      SELECT r.id, p.id AS payment_id, r.provider, r.provider_transaction_id, r.user_id, abs(r.amount_cents::bigint) AS amount_cents, r.currency,
        p.credits_granted, p.id IS NOT NULL AND ${isUndebited} AS wrong
      FROM refunds r LEFT JOIN LATERAL (
        SELECT p.* FROM transactions p WHERE r.type <> 'refund' AND p.id = r.id
        UNION ALL (
          SELECT p.* FROM transactions p
          WHERE r.type = 'refund' AND p.user_id = r.user_id AND p.type <> 'refund' AND p.status = 'completed'
            AND p.created_at <= r.created_at AND p.provider = r.provider
            AND p.currency IS NOT DISTINCT FROM r.currency
            AND CASE WHEN r.metadata ?| '{transaction_id,provider_transaction_id}'
                THEN (r.metadata ->> 'transaction_id' = p.id::text
                      OR r.metadata ->> 'provider_transaction_id' = p.provider_transaction_id)
                     AND abs(r.amount_cents::bigint) >= p.amount_cents
                ELSE abs(r.amount_cents::bigint) = p.amount_cents AND p.amount_cents > 0 END
          ORDER BY p.created_at DESC LIMIT 1
        )
      ) p ON true`,
    order: sql`amount_cents DESC`,
    examined: 'refunds',
    found: 'refunds without a debit',
    component: 'transactions',
    finding: ({ id, ...row }) => ({
      severity: 'high',
      title: `Refund ${paymentInWords({ id, ...row })} paid money back, and its ${row.credits_granted} credits were not taken back`,
      description:
        'The ledger has no debit for the refund, and no note that the credits were spent before.',
      metadata: { transaction_id: id, ...row },
    }),
  });
}
