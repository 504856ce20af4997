/** What proves a delivery: headers as intermediaries may write them, bytes that are no text, and clocks that differ. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Stripe } from 'stripe';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { standardSignature } from '../../src/ground/secrets/standard-signature.ts';
import { signingKey } from './key.ts';
import { sourceScene } from './scene.ts';

const { webhooks } = new Stripe('sk_unused');
const now = new Date('2026-11-30T12:00:00Z');
const seconds = Math.floor(now.getTime() / 1_000);
const secret = 'whsec_stripe';
const body = Buffer.from('{"id":"evt_1"}');
const mac = (at: number | string, key = secret) =>
  createHmac('sha256', key).update(`${at}.`).update(body).digest('hex');
const proves = (header: string, bytes = body) =>
  kindOf('stripe').proves({ body: bytes, headers: { 'stripe-signature': header } }, secret, now);

/** What Stripe's own library says about a header. */
function official(header: string): boolean {
  try {
    webhooks.signature!.verifyHeader(body, header, secret, 300, undefined as never, now.getTime());
    return true;
  } catch {
    return false;
  }
}

describe('stripe-signature', () => {
  test.each([
    ['blanks after commas', `t=${seconds}, v1=${mac(seconds)}, v0=aa`],
    ['blanks around', ` t = ${seconds} , v1 = ${mac(seconds)} `],
    ['a repeated time, of which the last one counts', `t=1,v1=${mac(seconds)},t=${seconds}`],
    ['several signatures', `t=${seconds},v1=${mac(seconds, 'other')},v1=${mac(seconds)}`],
  ])('is taken with %s', (_, header) => expect(proves(header)).toBe(true));

  test.each([
    ['a repeated time, of which the first one is signed', `t=${seconds},v1=${mac(seconds)},t=1`],
    ['a time without signature', `t=${seconds}`],
    ['a signature without time', `v1=${mac('')}`],
    ['another scheme', `t=${seconds},v0=${mac(seconds)}`],
    ['an old time', `t=${seconds - 301},v1=${mac(seconds - 301)}`],
    ['a time of an hour ago', `t=${seconds - 3_600},v1=${mac(seconds - 3_600)}`],
    ['a time in an hour', `t=${seconds + 3_600},v1=${mac(seconds + 3_600)}`],
    ['a time that is none', `t=1e9,v1=${mac('1e9')}`],
    ['nothing', ''],
    ['names without values', 't,v1'],
  ])('is refused with %s', (_, header) => expect(proves(header)).toBe(false));

  // That library ends with an error at a signature that is empty.
  test('is judged as by the official library, apart from blanks and times in the future', () => {
    const part = fc.oneof(
      fc.constantFrom(
        `t=${seconds}`,
        `t=${seconds - 100}`,
        `t=${seconds - 400}`,
        't=',
        't',
        'x=y',
        '',
        '=',
      ),
      fc.constantFrom(
        `v1=${mac(seconds)}`,
        `v1=${mac(seconds - 100)}`,
        `v1=${mac(seconds - 400)}`,
        `v0=${mac(seconds)}`,
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        expect([parts, proves(parts.join(','))]).toEqual([parts, official(parts.join(','))]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is over the bytes: those that are no UTF-8 are proven, and refused as no JSON afterwards', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    const right = createHmac('sha256', secret).update(`${seconds}.`).update(bytes).digest('hex');
    expect(proves(`t=${seconds},v1=${right}`, bytes)).toBe(true);
  });
});

test('Standard Webhooks are signed as by the official library', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: 'binary' }), (id, text) => {
      const timestamp = String(seconds);
      expect(standardSignature(signingKey, { id, timestamp, body: text.toWellFormed() })).toBe(
        new Webhook(signingKey).sign(id, now, text.toWellFormed()),
      );
    }),
  );
});

/** How each sender signs bytes, whatever they are. */
const signed: Record<string, (bytes: Buffer) => Record<string, string>> = {
  plain: standard,
  'standard-webhooks': standard,
  stripe(bytes) {
    const at = Math.floor(Date.now() / 1_000);
    const right = createHmac('sha256', signingKey).update(`${at}.`).update(bytes).digest('hex');
    return { 'stripe-signature': `t=${at},v1=${right}` };
  },
  sentry: (bytes) => ({
    'sentry-hook-signature': createHmac('sha256', signingKey).update(bytes).digest('hex'),
  }),
  github: (bytes) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', signingKey).update(bytes).digest('hex')}`,
  }),
  vercel: (bytes) => ({
    'x-vercel-signature': createHmac('sha1', signingKey).update(bytes).digest('hex'),
  }),
  grafana: () => ({ authorization: `Bearer ${signingKey}` }),
  alertmanager: () => ({ authorization: `Bearer ${signingKey}` }),
};

function standard(bytes: Buffer): Record<string, string> {
  const at = String(Math.floor(Date.now() / 1_000));
  const key = Buffer.from(signingKey.slice('whsec_'.length), 'base64');
  const right = createHmac('sha256', key).update(`msg_1.${at}.`).update(bytes).digest('base64');
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': at, 'webhook-signature': `v1,${right}` };
}

describe('a body that is no UTF-8 and rightly signed', () => {
  test.each(Object.keys(signed))('gets 400 from %s', async (kind) => {
    const { post, inbox } = await sourceScene({ kind, stored: { IN_KEY: signingKey } });
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    const answer = await post(bytes, signed[kind]!(bytes));
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('no JSON in UTF-8'),
    ]);
    expect(await inbox()).toEqual([]);
  });
});

test.each([
  [{ alarms: [{ key: 'a', state: 'on' }] }, 'alarms.0.state: has to be one of firing, resolved'],
  [{ alarms: [{ state: 'firing' }] }, 'alarms.0.key: is missing'],
  [{ alarms: [{ key: 7, state: 'firing' }] }, 'alarms.0.key: has to be a text'],
  [{ alarms: [{ key: '', state: 'firing' }] }, 'alarms.0.key: is empty'],
  [{ alarms: 'all' }, 'alarms: has to be a list'],
  [{ alarms: [7] }, 'alarms.0: has to be an object'],
  [
    { alarms: Array.from({ length: 101 }, () => ({ key: 'a', state: 'firing' })) },
    'alarms: has more than 100 entries',
  ],
  [
    { alarms: [], sent_at: 'today' },
    'sent_at: has to be a time with its zone, as 2027-01-10T12:05:00Z',
  ],
  [{ alarms: [], sentat: 1 }, 'the document: there is no "sentat"'],
])('a document of our own that does not fit is told in plain words: %j', async (document, why) => {
  const { post } = await sourceScene();
  const text = JSON.stringify(document);
  const answer = await post(text, await kindOf('plain').sign(text, signingKey, new Date()));
  expect([answer.status, JSON.parse(answer.text)]).toEqual([400, { error: why }]);
});

describe('the clock of the database judges a signed time', () => {
  test.each([3_600, -3_600])(
    'a host whose clock differs by %i s takes what is signed now',
    async (seconds) => {
      const { send, movable, post } = await sourceScene();
      const move = await movable();
      await move(seconds);
      expect(await send({ alarms: [] })).toBe(202);
      const text = JSON.stringify({ alarms: [] });
      expect(
        (await post(text, await kindOf('plain').sign(text, signingKey, new Date()))).status,
      ).toBe(401);
    },
  );
});
