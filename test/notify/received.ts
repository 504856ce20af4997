/** What a receiver of webhooks gets, with its signature checked. */
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { key } from './webhook-key.ts';

export interface Received {
  id: string;
  path: string;
  type: string;
  data: any;
  headers: IncomingHttpHeaders;
  at: number;
}

export type Answer = (received: Received, response: ServerResponse) => unknown;

/** Keeps each message in `received` and answers as `answer` says: 204 unless told. */
export const receiveInto =
  (received: Received[], answer: Answer = () => {}): RequestListener =>
  async (incoming, response) => {
    const body = await text(incoming).catch(() => '');
    const { headers } = incoming;
    const { type, data } = new Webhook(key).verify(body, headers as never) as any;
    const id = String(headers['webhook-id']);
    const one = { id, path: incoming.url ?? '', type, data, headers, at: performance.now() };
    received.push(one);
    await answer(one, response);
    if (!response.writableEnded && !response.destroyed)
      response.writeHead(response.statusCode === 200 ? 204 : response.statusCode).end();
  };
