import { keyOf, minKeyBytes } from '../../ground/secrets/standard-key.ts';
import { z } from 'zod';
import { OutboundError } from '../../outbound/error.ts';
import { defineChannel, type NotSent } from '../channel.ts';
import type { Message } from '../message.ts';
import { retryAfterMsOf } from '../../outbound/retry-after.ts';
import { shortened } from '../words/shorten.ts';
import { briefLines } from '../words/words.ts';

const config = z.strictObject({
  /** https, or http; without user and password */
  url: z.string().min(1).max(2_000),
  /** signs each message: `whsec_` and base64 of 24 to 64 random bytes */
  secret: z.string().trim().min(1).max(500),
});

const bytesOf = (secret: string): number => Buffer.from(keyOf(secret), 'base64').length;

/** The body that is sent: the message as JSON, without what is too long. */
export const bodyOf = (message: Message): string => {
  const timestamp = new Date().toISOString();
  return shortened(message, ({ kind, id, repeats, ...data }, cut) => {
    const type = {
      ticket: 'ticket.changed',
      group: 'tickets.changed',
      test: 'test',
      report: 'report',
    }[kind];
    return JSON.stringify({ type, timestamp, data: { id, repeats, ...data, cut } });
  });
};

/** Signed JSON by the rules of Standard Webhooks (standardwebhooks.com). */
export const webhook = defineChannel({
  kind: 'webhook',
  title: 'signed JSON to an address of your own (Standard Webhooks)',
  config,
  edits: () => false,
  async deliver(message, { config: { url, secret }, request }) {
    const { Webhook } = await import('standardwebhooks');
    const at = new Date();
    const body = bodyOf(message);
    let signature: string;
    try {
      signature = new Webhook(secret).sign(message.id, at, body);
    } catch {
      const why = 'its secret is not a key: a key is written as whsec_ and base64';
      return { sent: false, why, final: 'channel' };
    }
    if (bytesOf(secret) < minKeyBytes) {
      const why = `its secret is a key of less than ${minKeyBytes} bytes, which could be guessed from a message: \`openssl rand -base64 32\` makes one, to be written behind whsec_`;
      return { sent: false, why, final: 'channel' };
    }
    try {
      const { status, headers } = await request({
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/json',
          'webhook-id': message.id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': signature,
        },
        body,
      });
      return status >= 200 && status < 300
        ? { sent: true, reference: null }
        : refusalOf(status, headers);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return { sent: false, why: error.message, ...(error.sent && { mayHaveArrived: true }) };
    }
  },
  preview: (message) =>
    `${JSON.stringify(JSON.parse(bodyOf(message)), null, 2)}\n\n${briefLines(message).join('\n')}`,
});

/** The answers of a proxy that did not get the receiver's answer: it is not known whether the receiver took the message. */
const lostAnswers = new Set([502, 504]);

/** What an answer that is not a success means for the delivery. */
function refusalOf(status: number, headers: Record<string, string>): NotSent {
  if (status === 410)
    return { sent: false, why: 'it answered 410: it wants no messages any more', final: 'channel' };
  const retryAfterMs = status === 429 || status === 503 ? retryAfterMsOf(headers) : null;
  const why =
    status >= 300 && status < 400
      ? `it answered ${status}: it redirects to another address, and redirects are not followed`
      : `it answered ${status}`;
  return {
    sent: false,
    why,
    ...(retryAfterMs !== null && { retryAfterMs }),
    ...(lostAnswers.has(status) && { mayHaveArrived: true }),
  };
}
