/** Payments that were completed and whose user did not get the credits. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { daysBefore, minutesBefore } from '../parts/time.ts';
import { openIds } from '../parts/open-findings.ts';
import type { Config } from './config.ts';
import { paymentInWords } from './name-payment.ts';
import { isLive, maxRead, reportRows, type Wrong } from './report.ts';

interface Ungranted extends Wrong {
  provider: string;
  provider_transaction_id: string | null;
  user_id: string | null;
  amount_cents: number;
  currency: string | null;
  credits_granted: number | null;
  given: number;
  settled_at: string;
}

/**
 * Whether the booking `c` names the payment `t`: in its idempotency key, as the platform's own trigger writes it, or in its
 * metadata.
 */
const namesPayment = sql`(c.idempotency_key = 'payment:' || t.id OR c.metadata ->> 'transaction_id' = t.id::text
  OR (t.provider_transaction_id IS NOT NULL AND c.metadata ->> 'provider_transaction_id' = t.provider_transaction_id))`;

/** Whether a booking `c` names no payment at all, as bookings from before the platform's triggers do. */
export const namesNoPayment = sql`(coalesce(c.idempotency_key, '') NOT LIKE 'payment:%'
  AND c.metadata ->> 'transaction_id' IS NULL AND c.metadata ->> 'provider_transaction_id' IS NULL)`;

/**
 * A booking that names no payment counts for one payment of the same user and amount, at most a day from it. Where there are fewer
 * such bookings than payments, the newest payments are the ones without credits.
 */
export function findUngranted(config: Config, context: CheckContext): Promise<CheckResult> {
  const { now } = context;
  const from = daysBefore(now, config.lookback_days);
  const until = minutesBefore(now, config.grace_minutes);
  return reportRows<Ungranted>(config, context, {
    rows: sql`
      WITH due AS MATERIALIZED (
        SELECT t.id, t.provider, t.provider_transaction_id, t.user_id, t.type, t.amount_cents, t.currency,
          t.credits_granted, t.created_at, t.updated_at AS settled_at,
          (SELECT sum(c.amount) FROM credits c
           WHERE c.user_id = t.user_id AND c.idempotency_key = 'payment:' || t.id) AS booked
        FROM transactions t
        WHERE t.status = 'completed' AND t.type <> 'refund' AND ${isLive(config)}
          AND (t.updated_at BETWEEN ${from} AND ${until}
               OR t.id = ANY (${openIds('payments', 'completed-without-credits')}))
        ORDER BY t.updated_at DESC LIMIT ${maxRead + 1}
      ), unbooked AS MATERIALIZED (
        SELECT * FROM due
        WHERE coalesce(booked, 0) < credits_granted
           OR (${config.purchases_grant_credits}::boolean AND credits_granted IS NULL AND type = 'purchase' AND amount_cents > 0)
      ), short AS MATERIALIZED (
        SELECT t.*, coalesce(named.amount, 0) AS given,
          row_number() OVER (PARTITION BY user_id, credits_granted ORDER BY settled_at, id) AS nth
        FROM unbooked t LEFT JOIN LATERAL (
          SELECT sum(c.amount) AS amount FROM credits c
          WHERE c.user_id = t.user_id AND c.amount > 0 AND c.type IN ('purchase', 'bonus') AND ${namesPayment}
        ) named ON true
        WHERE coalesce(named.amount, 0) < coalesce(t.credits_granted, 1)
      )
      SELECT t.id, t.provider, t.provider_transaction_id, t.user_id, t.amount_cents, t.currency, t.credits_granted,
        coalesce(s.given, 0) AS given, t.settled_at,
        s.id IS NOT NULL AND NOT (s.given = 0 AND s.nth <= (
          SELECT count(*) FROM credits c
          WHERE c.user_id = s.user_id AND c.type = 'purchase' AND ${namesNoPayment}
            AND (c.amount = s.credits_granted OR (s.credits_granted IS NULL AND c.amount > 0))
            AND c.created_at BETWEEN least(s.created_at, s.settled_at) - interval '1 day' AND s.settled_at + interval '1 day'
        )) AS wrong
      FROM due t LEFT JOIN short s USING (id)`,
    order: sql`amount_cents DESC`,
    examined: 'completed payments',
    found: 'payments without their credits',
    component: 'transactions',
    finding: ({ id, ...row }) => ({
      severity: 'critical',
      title:
        row.credits_granted === null
          ? `Payment ${paymentInWords({ id, ...row })} is completed, and no credits were given; it names none`
          : `Payment ${paymentInWords({ id, ...row })} is completed, and ${row.given} of its ${row.credits_granted} credits were given`,
      description: 'The user has paid, and the ledger has no booking for it.',
      metadata: { transaction_id: id, ...row },
    }),
  });
}
