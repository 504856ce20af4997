import type { Alarm, SourceKind } from '../reading/kind.ts';
import {
  boundedKey,
  component,
  description,
  firstText,
  needText,
  textAt,
  timeAt,
  title,
  word,
} from '../reading/fields.ts';
import { headerOf, hmacOf, isRecent, sameText } from '../reading/signature.ts';

const header = 'stripe-signature';

/** Events that end what an alarm is about although it was not paid. */
const givenUp: ReadonlySet<string> = new Set(['invoice.voided', 'invoice.marked_uncollectible']);

/** How many elements of a header are read. */
const maxElements = 20;

/** What an event means for the object that it is about, and how bad it is. */
const states: Readonly<Record<string, readonly [Alarm['state'], Alarm['severity'], string]>> = {
  'charge.dispute.created': ['firing', 'high', 'A payment is disputed'],
  'charge.dispute.closed': ['resolved', null, 'A payment is disputed'],
  'invoice.payment_failed': ['firing', 'medium', 'The payment of an invoice failed'],
  'invoice.paid': ['resolved', null, 'The payment of an invoice failed'],
  'invoice.voided': ['resolved', null, 'The payment of an invoice failed'],
  'invoice.marked_uncollectible': ['resolved', null, 'The payment of an invoice failed'],
  'payout.failed': ['firing', 'high', 'A payout failed'],
  'payout.paid': ['resolved', null, 'A payout failed'],
  'review.opened': ['firing', 'medium', 'A payment waits for a review'],
  'review.closed': ['resolved', null, 'A payment waits for a review'],
};

/**
 * The time and the signatures of a header `t=1492774577,v1=5257a8...,v1=...`. The last `t` counts, as in Stripe's own libraries, and blanks
 * around an element are left out, as its library for Ruby does; both are covered by the signature, which is over the time.
 */
function readHeader(text: string): { seconds: string; signatures: string[] } {
  const elements = text.split(',', maxElements).map((each) => {
    const [name = '', ...value] = each.split('=');
    return { name: name.trim(), value: value.join('=').trim() };
  });
  return {
    seconds: elements.findLast(({ name }) => name === 't')?.value ?? '',
    signatures: elements.flatMap(({ name, value }) => (name === 'v1' ? [value] : [])),
  };
}

const mac = (secret: string, seconds: string, body: Buffer | string): string =>
  hmacOf('sha256', secret, Buffer.concat([Buffer.from(`${seconds}.`), Buffer.from(body)]));

/**
 * Webhooks of Stripe: HMAC-SHA256 over `<time>.<body>`, in hex (docs.stripe.com/webhooks/signature). It is computed over the bytes that arrived:
 * Stripe's library for Node reads them as UTF-8 first, and takes any time in the future. `id` names the event.
 */
export const stripe: SourceKind = {
  name: 'stripe',
  title: 'Stripe',
  secret: 'the Signing secret of the endpoint, whsec_...',
  setUp: [
    'an endpoint (Developers, Webhooks), its URL the address above',
    `the events ${Object.keys(states).join(', ')}, as far as they are wanted`,
  ],
  proves(arrival, secret, now) {
    const { seconds, signatures } = readHeader(headerOf(arrival, header) ?? '');
    const expected = mac(secret, seconds, arrival.body);
    // All are compared: how long it takes does not say which one was right.
    const right = signatures.map((each) => sameText(each, expected));
    return right.includes(true) && isRecent(seconds, now);
  },
  idOf: (_, document) => textAt(document, 'id'),
  isTimed: true,
  read(document) {
    const type = needText(document, 'type');
    const sentAt = timeAt(document, 'created');
    const known = Object.hasOwn(states, type) ? states[type]! : null;
    if (!known) return { event: word(type), sentAt, alarms: [] };
    const [state, severity, heading] = known;
    const object = 'data.object';
    const id = needText(document, `${object}.id`);
    const kind = type.slice(0, type.lastIndexOf('.'));
    return {
      event: word(type),
      sentAt,
      alarms: [
        {
          key: boundedKey(`${kind}/${id}`),
          state,
          ...(givenUp.has(type) && { unverified: type }),
          severity,
          title: title(`${heading}: ${id}`),
          description: description(
            firstText(document, `${object}.reason`, `${object}.failure_message`),
          ),
          component: component(kind),
          link: null,
          at: sentAt?.toISOString() ?? null,
        },
      ],
    };
  },
  example: (key, now) => ({
    document: {
      id: key,
      object: 'event',
      type: 'payout.paid',
      created: Math.floor(now.getTime() / 1_000),
      data: { object: { id: key, object: 'payout' } },
    },
  }),
  sign(body, secret, now) {
    const seconds = String(Math.floor(now.getTime() / 1_000));
    return { [header]: `t=${seconds},v1=${mac(secret, seconds, body)}` };
  },
};
