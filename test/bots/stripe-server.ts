/** A real HTTP server that answers as Stripe does: events with their filters and pages, and objects by their id. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Db } from '../../src/database/connect.ts';
import { serveHttp } from '../support/http-server.ts';

export type StripeObject = Record<string, unknown> & { id: string };
export interface StripeEvent {
  id: string;
  type: string;
  created: number;
  livemode: boolean;
  data: { object: StripeObject };
}

export const charge = (pi: string, amount: number, more: object = {}): StripeObject => ({
  id: pi.replace('pi_', 'ch_'),
  object: 'charge',
  status: 'succeeded',
  captured: true,
  payment_intent: pi,
  amount,
  amount_captured: amount,
  currency: 'usd',
  refunded: false,
  ...more,
});
interface Stripe {
  events: StripeEvent[];
  objects: StripeObject[];
  requests: URL[];
  headers: IncomingMessage['headers'][];
  /** what answers instead, for each request in turn */
  instead: ((answer: ServerResponse) => void)[];
  pageSize: number;
}

/** It is among the hosts that requests may go to. Events come newest first. */
export async function serveStripe(
  db: Db,
  events: StripeEvent[] = [],
  objects: StripeObject[] = [],
) {
  const state: Stripe = { events, objects, requests: [], headers: [], instead: [], pageSize: 100 };
  const { url, host } = await serveHttp((request, answer) => {
    const asked = new URL(request.url!, 'http://stripe');
    state.requests.push(asked);
    state.headers.push(request.headers);
    const instead = state.instead.shift();
    if (instead) return instead(answer);
    answer.setHeader('content-type', 'application/json');
    if (asked.pathname === '/v1/events') answer.end(JSON.stringify(page(state, asked)));
    else if (asked.pathname === '/v1/invoice_payments') {
      const data = state.objects.filter(
        ({ object, invoice }) =>
          object === 'invoice_payment' && invoice === asked.searchParams.get('invoice'),
      );
      answer.end(JSON.stringify({ object: 'list', data, has_more: false }));
    } else {
      const object = state.objects.find(({ id }) => asked.pathname.endsWith(`/${id}`));
      if (object) answer.end(JSON.stringify(object));
      else refuse(404, { type: 'invalid_request_error', code: 'resource_missing' })(answer);
    }
  });
  await db
    .insertInto('engine.settings' as never)
    .values({ key: 'http_hosts', value: JSON.stringify([host]) } as never)
    .onConflict((conflict) =>
      conflict.column('key' as never).doUpdateSet({ value: JSON.stringify([host]) } as never),
    )
    .execute();
  return { state, url };
}

function page({ events, pageSize }: Stripe, { searchParams: asked }: URL) {
  const types = new Set(
    [...asked].filter(([name]) => name.startsWith('types')).map(([, type]) => type),
  );
  const fitting = events
    .filter(
      ({ created, type }) =>
        created >= Number(asked.get('created[gte]')) &&
        created <= Number(asked.get('created[lte]')) &&
        types.has(type),
    )
    .toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const after = asked.get('starting_after');
  const start = after ? fitting.findIndex(({ id }) => id === after) + 1 : 0;
  const data = fitting.slice(start, start + Math.min(pageSize, Number(asked.get('limit') ?? 10)));
  return {
    object: 'list',
    url: '/v1/events',
    data,
    has_more: start + data.length < fitting.length,
  };
}

export const refuse =
  (status: number, error: object, headers: Record<string, string> = {}) =>
  (answer: ServerResponse): void => {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(JSON.stringify({ error }));
  };
