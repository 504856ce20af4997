/** Compares Stripe's payments with the platform's rows. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, ReportedFinding } from '../../src/bot.ts';
import { isSameSum, recordedInWords, sumInWords, type RecordedSum, type Sum } from './amounts.ts';
import type { StripePayment } from './stripe-events.ts';

export interface Recorded extends RecordedSum {
  id: string;
  provider_transaction_id: string;
  type: string;
  status: string;
  /** whether a row of type refund of this user gives the amount back */
  has_refund: boolean;
}

export type Kind = 'missed' | 'behind' | 'differing' | 'unknown';

/** The platform's rows of these ids, each under its id at Stripe. */
export async function readRecorded(
  { db }: CheckContext,
  ids: string[],
): Promise<Map<string, Recorded>> {
  const { rows } = await sql<Recorded>`
    SELECT t.id, t.provider_transaction_id, t.type, t.status, t.amount_cents, t.currency,
      EXISTS (SELECT FROM transactions r WHERE r.user_id = t.user_id AND r.type = 'refund' AND r.status = 'completed'
        AND abs(r.amount_cents::bigint) >= t.amount_cents AND r.created_at >= t.created_at) AS has_refund
    FROM transactions t WHERE t.provider = 'stripe' AND t.provider_transaction_id = ANY (${ids}::text[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.provider_transaction_id, row]));
}

const inWords = (sums: Sum[]): string => sums.map(sumInWords).join(' or ');

/** What is wrong on the platform about a payment that succeeded at Stripe; null if all is right. */
export function problemOf(
  payment: StripePayment,
  rows: Map<string, Recorded>,
): { kind: Kind; title: string; transaction?: Recorded } | null {
  const [stripeId] = payment.ids;
  const own = payment.ids
    .flatMap((id) => rows.get(id) ?? [])
    .filter((row) => row.type !== 'refund');
  const [first] = own;
  if (!first) {
    // The platform needs no row for a payment without a sum, or one that was paid back in full.
    if (payment.sums.length === 0 || payment.refunded) return null;
    return {
      kind: 'missed',
      title: `Stripe's payment ${stripeId} of ${inWords(payment.sums)} is not on the platform`,
    };
  }
  const settled = own.filter(({ status }) => status === 'completed' || status === 'refunded');
  if (settled.length === 0)
    return payment.refunded
      ? null
      : {
          kind: 'behind',
          title: `Stripe's payment ${stripeId} is paid, and ${first.status} on the platform`,
          transaction: first,
        };
  if (
    payment.refunded &&
    settled.every(({ status, has_refund }) => status === 'completed' && !has_refund)
  )
    return {
      kind: 'differing',
      title: `Stripe's payment ${stripeId} is refunded, and completed on the platform`,
      transaction: settled[0]!,
    };
  const { sums } = payment;
  if (sums.length > 0 && !settled.some((row) => sums.some((sum) => isSameSum(row, sum)))) {
    const [row] = settled as [Recorded];
    return {
      kind: 'differing',
      title: `Stripe's payment ${stripeId} is ${inWords(sums)}, and ${recordedInWords(row)} on the platform`,
      transaction: row,
    };
  }
  return null;
}

const severities: Record<Kind, ReportedFinding['severity']> = {
  missed: 'critical',
  behind: 'critical',
  differing: 'high',
  unknown: 'critical',
};

const descriptions: Record<Kind, string> = {
  missed: 'The customer has paid, and the platform has no payment with any of its ids.',
  behind: 'The customer has paid, and the platform does not know it.',
  differing: 'The platform and Stripe say different things about one payment.',
  unknown: 'The platform gave credits that were not paid for at this account of Stripe.',
};

export const finding = (
  kind: Kind,
  key: string,
  title: string,
  metadata: Record<string, unknown>,
): ReportedFinding => ({
  severity: severities[kind],
  category: 'payments',
  title,
  description: descriptions[kind],
  component: 'stripe',
  key,
  metadata: { kind, ...metadata },
});
