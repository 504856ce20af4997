/** Asks Stripe about each payment that is completed or refunded on the platform although no event of Stripe says that it is. */
import type { Stripe } from 'stripe';
import { sql } from '../../src/bot.ts';
import type { CheckContext, ReportedFinding } from '../../src/bot.ts';
import { openIds } from '../parts/open-findings.ts';
import { isSameSum, recordedInWords, sumInWords } from './amounts.ts';
import type { Config } from './config.ts';
import { paymentInWords, providerIdOr } from './name-payment.ts';
import { isLive } from './report.ts';
import { StripeRequestError, type StripeClient } from './stripe-client.ts';
import { finding, type Recorded } from './stripe-compare.ts';
import { paidWith } from './stripe-events.ts';

/** How many payments one run asks Stripe about. */
const maxAsked = 25;
/** How many rows one run goes through. */
const maxRows = 2_000;

/** Where the last run stopped: the row's time and id, as the database writes them. */
export interface Place {
  at: string;
  id: string;
}

interface Row extends Recorded {
  at: string;
  is_open: boolean;
}

/** How Stripe is asked for an object, by the beginning of the object's id. */
const retrievals: Record<string, (stripe: Stripe, id: string) => Promise<unknown>> = {
  pi: (stripe, id) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }),
  ch: (stripe, id) => stripe.charges.retrieve(id),
  py: (stripe, id) => stripe.charges.retrieve(id),
  in: (stripe, id) => stripe.invoices.retrieve(id),
  cs: (stripe, id) => stripe.checkout.sessions.retrieve(id),
};

export interface UnknownPayments {
  findings: ReportedFinding[];
  examined: string[];
  asked: number;
  /** payments that the key may not read, or whose id is of no known kind */
  unasked: number;
  place: Place;
}

/**
 * Goes through the payments that were settled after `place` until `until`, and through those of open findings. `named` are the ids
 * of payments in events, `refunded` those that were paid back.
 */
export async function findUnknown(
  config: Config,
  { db }: CheckContext,
  client: StripeClient,
  {
    place,
    until,
    named,
    refunded,
  }: { place: Place; until: Date; named: ReadonlySet<string>; refunded: ReadonlySet<string> },
): Promise<UnknownPayments> {
  const columns = sql`t.id, t.provider_transaction_id, t.type, t.status, t.amount_cents, t.currency, false AS has_refund,
    t.updated_at::text AS at`;
  const isAsked = sql`t.provider = 'stripe' AND t.status IN ('completed', 'refunded') AND t.type <> 'refund'
    AND t.provider_transaction_id IS NOT NULL AND ${isLive(config)}`;
  const { rows } = await sql<Row>`
    SELECT ${columns}, true AS is_open FROM transactions t
    WHERE t.id = ANY (${openIds('payments', 'stripe-payments')}) AND ${isAsked}
    UNION ALL (
      SELECT ${columns}, false FROM transactions t
      WHERE (t.updated_at, t.id) > (${place.at}::timestamptz, ${place.id}::uuid) AND t.updated_at <= ${until} AND ${isAsked}
      ORDER BY t.updated_at, t.id LIMIT ${maxRows}
    )`.execute(db);
  const read: UnknownPayments = { findings: [], examined: [], asked: 0, unasked: 0, place };
  const asked = new Set<string>();
  let isForbidden = false;
  for (const row of rows) {
    const question = retrievals[row.provider_transaction_id.split('_', 1)[0]!];
    const known = row.status === 'refunded' ? refunded : named;
    if (known.has(row.provider_transaction_id)) {
      read.examined.push(row.id);
    } else if (!question || isForbidden) {
      read.unasked++;
    } else if (!asked.has(row.id)) {
      if (asked.size === maxAsked) break;
      asked.add(row.id);
      try {
        const wrong = await ask(client, row, question);
        read.examined.push(row.id);
        if (wrong) read.findings.push(wrong);
      } catch (error) {
        if (!(error instanceof StripeRequestError) || error.kind !== 'forbidden') throw error;
        isForbidden = true;
        read.unasked++;
      }
    }
    if (!row.is_open) read.place = { at: row.at, id: row.id };
  }
  return { ...read, asked: asked.size };
}

/** Whether a charge is paid, and neither disputed nor paid back, not even in part. Sessions and invoices do not say that. */
function isKept(data: Record<string, unknown>): boolean {
  const charge = data['object'] === 'charge' ? data : data['latest_charge'];
  if (typeof charge !== 'object' || charge === null) return false;
  const { status, refunded, amount_refunded, disputed } = charge as Record<string, unknown>;
  return status === 'succeeded' && refunded === false && !amount_refunded && disputed !== true;
}

async function ask(
  client: StripeClient,
  row: Row,
  question: (stripe: Stripe, id: string) => Promise<unknown>,
): Promise<ReportedFinding | null> {
  const { id, provider_transaction_id, amount_cents, currency } = row;
  const about = { transaction_id: id, provider_transaction_id, amount_cents, currency };
  const object = await client
    .ask((stripe) => question(stripe, provider_transaction_id))
    .catch((error: unknown) => {
      if (error instanceof StripeRequestError && error.kind === 'gone') return null;
      // A test payment exists only in Stripe's test mode, so that the key of the live mode does not find it.
      if (error instanceof StripeRequestError && error.kind === 'test-mode')
        return 'test-mode' as const;
      throw error;
    });
  if (object === 'test-mode') return null;
  if (object === null)
    return finding(
      'unknown',
      id,
      `Payment ${paymentInWords(row)} is ${row.status}, and Stripe does not know it`,
      about,
    );
  const data = object as Record<string, unknown>;
  if (row.status === 'refunded')
    return isKept(data)
      ? finding(
          'differing',
          id,
          `Payment ${paymentInWords(row)} is refunded, and paid and kept at Stripe`,
          about,
        )
      : null;
  const paid = paidWith(data);
  const state = data['payment_status'] ?? data['status'];
  if (!paid) {
    // A session or an invoice may have been free.
    if (state === 'no_payment_required' || (state === 'paid' && amount_cents === 0)) return null;
    const word = typeof state === 'string' && /^[a-z_]{1,40}$/.test(state) ? state : 'unpaid';
    return finding(
      'unknown',
      id,
      `Payment ${paymentInWords(row)} is completed, and ${word} at Stripe`,
      about,
    );
  }
  if (!paid.sum || isSameSum(row, paid.sum)) return null;
  const { sum } = paid;
  return finding(
    'differing',
    id,
    `Payment ${providerIdOr(id, provider_transaction_id)} is ${recordedInWords(row)}, and ${sumInWords(sum)} at Stripe`,
    { ...about, stripe: sum },
  );
}
