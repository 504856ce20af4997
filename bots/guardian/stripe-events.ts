/** What Stripe's events say of payments: one payment has several events, about objects with ids of their own. */
import type { Stripe } from 'stripe';
import type { Sum } from './amounts.ts';
import type { StripeClient } from './stripe-client.ts';

/** Every type whose object is a payment that succeeded, or was paid back; `invoice_payment.paid` ties an invoice to its payment. */
const types = [
  'charge.succeeded',
  'charge.captured',
  'charge.refunded',
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'invoice.paid',
  'invoice_payment.paid',
  'payment_intent.succeeded',
];

export interface StripePayment {
  /** all ids under which the payment may be known, the payment intent first */
  ids: string[];
  /** what was paid, in the words of each object: they may count in two currencies */
  sums: Sum[];
  /** which of its ids are of charges that were paid back in full */
  returned: string[];
  /** whether all of it was paid back */
  refunded: boolean;
  /** when its first event was, in ms */
  at: number;
  event_id: string;
}

type Data = Record<string, unknown>;

const isObject = (value: unknown): value is Data => typeof value === 'object' && value !== null;

/** An id, or the id of an expanded object; what is neither comes from a server that is not Stripe. */
export function idIn(value: unknown): string | null {
  const id = isObject(value) ? value['id'] : value;
  return typeof id === 'string' && /^[A-Za-z0-9_]{3,255}$/.test(id) ? id : null;
}

export function sumOf(amount: unknown, currency: unknown): Sum | null {
  const fits = Number.isSafeInteger(amount) && typeof currency === 'string';
  return fits && /^[a-z]{3}$/i.test(currency)
    ? { amount: amount as number, currency: currency.toUpperCase() }
    : null;
}

/** The ids and the sum of an object, by its kind; null where nothing was paid with it. */
export function paidWith(
  object: Data,
): { ids: unknown[]; sum: Sum | null; refunded: boolean } | null {
  const { id, currency } = object;
  const isRefunded = object['refunded'] === true;
  switch (object['object']) {
    case 'charge':
      if (object['status'] !== 'succeeded' || object['captured'] === false) return null;
      return {
        ids: [object['payment_intent'], id, object['invoice']],
        sum: sumOf(object['amount_captured'] ?? object['amount'], currency),
        refunded: isRefunded,
      };
    case 'payment_intent':
      if (object['status'] !== 'succeeded') return null;
      return {
        ids: [id, object['latest_charge'], object['invoice']],
        sum: sumOf(object['amount_received'] ?? object['amount'], currency),
        refunded: false,
      };
    case 'checkout.session':
      if (object['payment_status'] !== 'paid') return null;
      return {
        ids: [object['payment_intent'], id, object['invoice']],
        sum: sumOf(object['amount_total'], currency),
        refunded: false,
      };
    case 'invoice':
      if (object['status'] !== 'paid' || object['paid_out_of_band'] === true) return null;
      return {
        ids: [object['payment_intent'], object['charge'], id],
        sum: sumOf(object['amount_paid'], currency),
        refunded: false,
      };
    case 'invoice_payment': {
      const payment = isObject(object['payment']) ? object['payment'] : {};
      return {
        ids: [payment['payment_intent'], payment['charge'], object['invoice']],
        sum: null,
        refunded: false,
      };
    }
    default:
      return null;
  }
}

/**
 * An invoice may be paid by two payments, as by mistake twice, and one of them paid back: it is refunded when each of them is.
 * A charge without a payment intent is a payment of its own.
 */
function isRefunded(ids: readonly string[], returned: readonly string[]): boolean {
  const begin = ids.some((id) => id.startsWith('pi_')) ? /^pi_/ : /^(ch|py)_/;
  return (
    returned.length > 0 && ids.filter((id) => begin.test(id)).every((id) => returned.includes(id))
  );
}

/** Joins payments that share an id. */
export function joinPayments(payments: readonly StripePayment[]): StripePayment[] {
  const byId = new Map<string, StripePayment>();
  for (const payment of payments) {
    const met = [...new Set(payment.ids.flatMap((id) => byId.get(id) ?? []))];
    const all = [...met, payment];
    const first = all.reduce((a, b) => (b.at < a.at ? b : a));
    const sums = new Map(
      all.flatMap((each) => each.sums).map((sum) => [`${sum.amount} ${sum.currency}`, sum]),
    );
    const ids = inOrder(all.flatMap((each) => each.ids));
    const returned = inOrder(all.flatMap((each) => each.returned));
    const one = {
      ids,
      sums: [...sums.values()],
      returned,
      refunded: isRefunded(ids, returned),
      at: first.at,
      event_id: first.event_id,
    };
    for (const id of one.ids) byId.set(id, one);
  }
  return [...new Set(byId.values())];
}

/** The first one is the payment's key: it is the same whatever other ids become known. */
const order = ['pi_', 'ch_', 'py_', 'in_', 'cs_'];
const rank = (id: string): number => (order.findIndex((begin) => id.startsWith(begin)) + 6) % 6;
const inOrder = (ids: string[]): string[] =>
  [...new Set(ids)].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));

function paymentIn({ id, created, data }: Stripe.Event): StripePayment | null {
  const object: unknown = data?.object;
  const paid = isObject(object) ? paidWith(object) : null;
  const ids = (paid?.ids ?? []).flatMap((each) => idIn(each) ?? []);
  const event = idIn(id);
  if (!paid || ids.length === 0 || !event || !Number.isSafeInteger(created)) return null;
  const returned = paid.refunded ? inOrder(ids.filter((each) => /^(pi|ch|py)_/.test(each))) : [];
  return {
    ids: inOrder(ids),
    // A payment of 0, as in a trial or with a coupon, gives no credits: it has no sum that is compared.
    sums: paid.sum && paid.sum.amount > 0 ? [paid.sum] : [],
    returned,
    refunded: paid.refunded,
    at: created * 1_000,
    event_id: event,
  };
}

/** The payments in the events of a time, both ends included; null if there are more than `max` events. */
export function readPayments(
  { ask }: StripeClient,
  [from, to]: [from: Date, to: Date],
  { max, testMode }: { max: number; testMode: boolean },
): Promise<{ events: number; payments: StripePayment[] } | null> {
  const seconds = (at: Date) => Math.floor(at.getTime() / 1_000);
  return ask(async (stripe) => {
    const payments: StripePayment[] = [];
    let events = 0;
    const list = stripe.events.list({
      created: { gte: seconds(from), lte: seconds(to) },
      types,
      limit: 100,
    });
    for await (const event of list) {
      if (++events > max) return null;
      const payment = event.livemode || testMode ? paymentIn(event) : null;
      if (payment) payments.push(payment);
    }
    return { events, payments: joinPayments(payments) };
  });
}
