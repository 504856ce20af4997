/**
 * An invoice may be paid twice, for example by mistake, and one of the two payments paid back days later. The events of that day name
 * only the payment that was paid back, so Stripe is asked for the other one.
 */
import type { Stripe } from 'stripe';
import { StripeRequestError, type StripeClient } from './stripe-client.ts';
import { idIn, joinPayments, type StripePayment } from './stripe-events.ts';

/** How many invoices one run asks for. */
const maxInvoices = 50;
/** How many payments of one invoice are read. */
const maxPayments = 10;

export interface Completed {
  payments: StripePayment[];
  /** keys of payments whose invoice could not be asked for: they are not judged */
  unasked: Set<string>;
}

/**
 * Returns the payments. Where one seems to be paid back and the platform knows it by an invoice (`isKnown`), all other payments of
 * the invoice are joined to it.
 */
export async function withTwins(
  client: StripeClient,
  payments: readonly StripePayment[],
  isKnown: (id: string) => boolean,
): Promise<Completed> {
  const more: StripePayment[] = [];
  const unasked = new Set<string>();
  let asked = 0;
  let isForbidden = false;
  for (const payment of payments) {
    const invoice = payment.ids.find((id) => id.startsWith('in_') && isKnown(id));
    if (!payment.refunded || invoice === undefined) continue;
    if (isForbidden || asked === maxInvoices) {
      unasked.add(payment.ids[0]!);
      continue;
    }
    asked += 1;
    try {
      const twins = await client.ask((stripe) => paymentsOf(stripe, invoice, payment));
      more.push(...twins);
    } catch (error) {
      if (!(error instanceof StripeRequestError)) throw error;
      // An invoice that is gone has no other payments.
      if (error.kind === 'gone' || error.kind === 'test-mode') continue;
      if (error.kind !== 'forbidden') throw error;
      isForbidden = true;
      unasked.add(payment.ids[0]!);
    }
  }
  return { payments: joinPayments([...payments, ...more]), unasked };
}

/** The paid payments of an invoice that `known` does not have. */
async function paymentsOf(
  stripe: Stripe,
  invoice: string,
  known: StripePayment,
): Promise<StripePayment[]> {
  const { data } = await stripe.invoicePayments.list({
    invoice,
    status: 'paid',
    limit: maxPayments,
  });
  const found: StripePayment[] = [];
  for (const { payment } of data) {
    const intent = idIn(payment?.payment_intent);
    const id = intent ?? idIn(payment?.charge);
    if (id === null || known.ids.includes(id)) continue;
    const charge: unknown = intent
      ? (await stripe.paymentIntents.retrieve(intent, { expand: ['latest_charge'] })).latest_charge
      : await stripe.charges.retrieve(id);
    const isRefunded = (charge as { refunded?: unknown } | null)?.refunded === true;
    const ids = [id, idIn(charge), invoice].flatMap((each) => each ?? []);
    found.push({
      ...known,
      ids,
      sums: [],
      returned: isRefunded ? ids.slice(0, -1) : [],
      refunded: isRefunded,
    });
  }
  return found;
}
