import { toleranceMs, type Alarm, type SourceKind } from '../reading/kind.ts';
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
import { headerOf } from '../reading/signature.ts';

const header = 'stripe-signature';

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

/** Only its checks of signatures are used; it needs no key for them, and no request is sent. */
const webhooks = async () => {
  const { default: Stripe } = await import('stripe');
  return new Stripe('sk_unused').webhooks;
};

/** Webhooks of Stripe: the official library checks the signature and its time (docs.stripe.com/webhooks). `id` names the event. */
export const stripe: SourceKind = {
  name: 'stripe',
  title: 'Stripe',
  secret: 'the Signing secret of the endpoint, whsec_...',
  setUp: [
    'an endpoint (Developers, Webhooks), its URL the address above',
    `the events ${Object.keys(states).join(', ')}, as far as they are wanted`,
  ],
  async proves(arrival, secret, now) {
    const given = headerOf(arrival, header);
    if (given === undefined) return false;
    try {
      (await webhooks()).constructEvent(
        arrival.body,
        given,
        secret,
        toleranceMs / 1_000,
        undefined,
        now.getTime(),
      );
      return true;
    } catch (error) {
      // The library reads the JSON once the signature is right.
      return error instanceof SyntaxError;
    }
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
  sign: async (body, secret, now) => ({
    [header]: (await webhooks()).generateTestHeaderString({
      payload: body,
      secret,
      timestamp: Math.floor(now.getTime() / 1_000),
    }),
  }),
};
