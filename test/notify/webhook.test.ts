/** The keys with which messages are signed, and how long these may be. */
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { webhook } from '../../src/notify/channels/webhook.ts';
import type { Message } from '../../src/notify/message.ts';
import { serveHttp } from '../support/http-server.ts';
import { contextOf } from './context.ts';
import { receiver } from './scene.ts';
import { allOf, event, hostile, ticketMessage } from './scenes.ts';
import { key } from './webhook-key.ts';

async function signedWith(secret: string) {
  const { received, url, host } = await receiver();
  const config = webhook.config.parse({ url, secret });
  const delivery = await webhook.deliver(ticketMessage(), contextOf<any>({ host, config }));
  return { delivery, received };
}

const of = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

test.each(['whsec_', 'whsec_YQ==', 'YQ==', of(1), of(16), of(23), 'whsec_ !!', 'v1,whsec_YWFh'])(
  'a secret that is no key, or a short one, signs nothing: %j',
  async (secret) => {
    const { delivery, received } = await signedWith(secret);
    expect(delivery).toMatchObject({ sent: false, final: 'channel', why: expect.any(String) });
    expect(JSON.stringify(delivery)).not.toContain('YQ==');
    expect(received).toEqual([]);
  },
);

test('a key signs, also without its prefix and with the line end of a file', async () => {
  for (const secret of [key, key.slice('whsec_'.length), `${key}\n`]) {
    const { delivery, received } = await signedWith(secret);
    expect(delivery).toEqual({ sent: true, reference: null });
    // The receiver of tests refuses a signature that is not by this key.
    expect(received).toHaveLength(1);
  }
});

/** A receiver as servers are that no person has set up otherwise: it refuses a body of more than 100 kB. */
async function small() {
  const bodies: any[] = [];
  const { url, host } = await serveHttp(async (incoming, response) => {
    const body = await text(incoming);
    const isLong = Buffer.byteLength(body) > 100_000;
    if (!isLong) bodies.push(JSON.parse(body));
    response.writeHead(isLong ? 413 : 204).end();
  });
  const context = contextOf<any>({ host, config: { url, secret: key } });
  return { bodies, deliver: (message: Message) => webhook.deliver(message, context) };
}

describe.each(Object.entries(hostile))('%s', (_, given) => {
  test('is taken by a receiver of short bodies, and says what is cut', async () => {
    const { bodies, deliver } = await small();
    const messages = allOf(given);
    for (const message of messages) expect(await deliver(message)).toMatchObject({ sent: true });
    for (const { type, data } of bodies) {
      const isShort = given.length < 100;
      if (isShort) expect(data.cut).toBeNull();
      if (type === 'ticket.changed' && given.length > 20_000)
        expect(data.cut).toMatch(/^Cut here: the title .*characters are here.*tickets show T-42`$/);
      // A receiver gets the text as it is.
      if (type === 'ticket.changed' && isShort) expect(data.ticket.title).toBe(given);
    }
  });
});

test('of many events the newest are there, and how many are not', async () => {
  const { bodies, deliver } = await small();
  const events = Array.from({ length: 1_000 }, (_, at) => event(`${at} ${'x'.repeat(3_990)}`));
  expect(await deliver(ticketMessage({}, { events }))).toMatchObject({ sent: true });
  const [{ data }] = bodies;
  expect(data.events.at(-1).sentence).toMatch(/^999 /);
  expect(data.cut).toContain(`${1_000 - data.events.length} earlier events`);
});
