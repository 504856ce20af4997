/** Requests to places that we do not trust, against real servers; each counts what reaches it. */
import { type IncomingMessage, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sendHttpRequest } from '../../bots/remedies/http.request.ts';
import { NotAppliedError } from '../../src/bot.ts';
import { botChanges } from '../../src/heal/bot-changes.ts';
import { faultBehind } from '../../src/database/faults/fault-behind.ts';
import { whyRefused } from '../../src/outbound/address.ts';
import { allowedBy } from '../../src/outbound/hosts.ts';
import { OutboundError } from '../../src/outbound/error.ts';
import { request } from '../../src/outbound/request.ts';
import { testDatabase } from '../support/database.ts';
import { endSession } from '../support/real-faults.ts';
import { serveHttp } from '../support/http-server.ts';

async function serve(listener: RequestListener) {
  const seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = [];
  const at = await serveHttp((incoming, answer) => {
    const { method, url, headers } = incoming;
    seen.push({ method, url, headers });
    listener(incoming, answer);
  });
  return { seen, ...at };
}

const never = new AbortController().signal;

const get = (url: string, hosts: unknown, rest: object = {}) =>
  request({ method: 'GET', url }, { hosts, signal: never, timeoutMs: 20_000, ...rest });

/** The error with which a request ends. */
const failing = async (sending: Promise<unknown>): Promise<OutboundError> => {
  const error = await sending.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OutboundError);
  return error as OutboundError;
};

const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
const oneOf = <T>(of: fc.Arbitrary<T>[]): fc.Arbitrary<T> => fc.oneof(...of);
const numberOf = (address: string): number =>
  address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
const fromNumber = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** An address of this network. */
const within = (address: string, bits: number): fc.Arbitrary<number[]> =>
  fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((at) =>
    fromNumber(numberOf(address) + at)
      .split('.')
      .map(Number),
  );

/** As DNS64 gives it. */
const ipv6Of = (inside: string): string =>
  `64:ff9b::${(numberOf(inside) >>> 16).toString(16)}:${(numberOf(inside) & 0xffff).toString(16)}`;

/** The special ranges of IPv4 (RFC 6890 and what followed), and one address of a cloud. */
const ends = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['255.255.255.255', 32],
  ['168.63.129.16', 32],
].map(([address, bits]) => ({ address: address as string, bits: bits as number }));

test.each([
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
  '240.0.0.1',
  '198.18.0.1',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '4000::1',
  '64:ff9b:1::1',
  '64:ff9b:1::8.8.8.8',
  '64:ff9b:1::808:808',
  '64:ff9b::1:808:808',
  '64:ff9b:0:0:1::808:808',
  '64:ff9a::808:808',
  '2002:808:808::',
  '::8.8.8.8',
  'example.com',
  '',
])('the address %s is refused', async (address) => {
  expect(await whyRefused(address)).not.toBeNull();
});

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '168.63.129.17',
  '2606:4700:4700::1111',
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
  '64:FF9B:0:0:0:0:0808:0808',
])('the address %s is public', async (address) => {
  expect(await whyRefused(address)).toBeNull();
});

test.each([
  ['127.0.0.1', 'not public (loopback)'],
  ['0.0.0.0', 'not public (unspecified)'],
  ['10.1.2.3', 'not public (private)'],
  ['172.31.255.255', 'not public (private)'],
  ['192.168.0.1', 'not public (private)'],
  ['169.254.169.254', 'not public (linkLocal)'],
  ['100.64.0.1', 'not public (carrierGradeNat)'],
  ['224.0.0.1', 'not public (multicast)'],
  ['192.0.2.1', 'not public (reserved)'],
  ['198.51.100.7', 'not public (reserved)'],
  ['203.0.113.9', 'not public (reserved)'],
  ['255.255.255.255', 'not public (broadcast)'],
  ['168.63.129.16', 'an internal address of a cloud'],
])('NAT64 in front of %s is refused, and both addresses are named', async (inside, why) => {
  const outside = ipv6Of(inside);
  expect(await whyRefused(outside)).toBe(`${outside} leads to ${inside}, which is ${why}`);
});

test('a NAT64 address is refused exactly if the IPv4 address in it is', async () => {
  const [inRange, anywhere] = [
    oneOf(ends.map(({ address, bits }) => within(address, bits))),
    bytes,
  ];
  await fc.assert(
    fc.asyncProperty(fc.oneof(inRange, anywhere), async (four) => {
      const inside = four.join('.');
      const alone = await whyRefused(inside);
      const behind = await whyRefused(ipv6Of(inside));
      expect(behind === null, `${inside}: ${alone} / ${behind}`).toBe(alone === null);
    }),
    { numRuns: 5_000 },
  );
});

test('the first and last address of each special range, and those beside them, are judged alike in NAT64', async () => {
  for (const { address, bits } of ends) {
    const first = numberOf(address);
    const last = first + 2 ** (32 - bits) - 1;
    for (const each of [first - 1, first, last, last + 1]) {
      const inside = fromNumber(((each % 2 ** 32) + 2 ** 32) % 2 ** 32);
      const [alone, behind] = [await whyRefused(inside), await whyRefused(ipv6Of(inside))];
      expect(behind === null, inside).toBe(alone === null);
    }
  }
});

test.each([
  [['a.example'], 'https://a.example/x', { exactly: false }],
  [['a.example'], 'http://a.example', { exactly: false }],
  [['a.example'], 'http://A.EXAMPLE:80/', { exactly: false }],
  [['a.example'], 'http://a.example:8080', null],
  [['a.example:8080'], 'http://a.example:8080', { exactly: true }],
  [['a.example:443'], 'https://a.example', { exactly: true }],
  [['a.example:443'], 'http://a.example', null],
  [['a.example'], 'https://b.a.example', null],
  [['a.example'], 'https://a.example.', null],
  [['*'], 'https://a.example', null],
  [['[::1]:8080'], 'http://[::1]:8080', { exactly: true }],
  [['127.0.0.1:80'], 'http://2130706433/', { exactly: true }],
  [[], 'https://a.example', null],
  [undefined, 'https://a.example', null],
  ['a.example', 'https://a.example', null],
  [[null, { host: 'a.example' }], 'https://a.example', null],
] as const)('a list %j lets %s through: %j', (list, url, allowed) => {
  expect(allowedBy(list, new URL(url))).toEqual(allowed);
});

describe('nothing is sent', () => {
  test.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://[::127.0.0.1]/', '[::7f00:1]'],
    ['http://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
    ['http://168.63.129.16/', '168.63.129.16'],
    ['http://[64:ff9b::169.254.169.254]/', '[64:ff9b::a9fe:a9fe]'],
    ['http://169.254.169.254/latest/', '169.254.169.254'],
    ['http://localhost/', 'localhost'],
  ])('to %s, which is allowed by name only', async (url, host) => {
    const error = await failing(get(url, [host]));
    expect(error).toMatchObject({ sent: false, message: expect.stringContaining('is refused') });
  });

  test('to a host that nobody allowed', async () => {
    const { url, seen } = await serve((_, answer) => answer.end());
    for (const hosts of [undefined, [], ['127.0.0.1'], ['127.0.0.1:1']])
      expect(await failing(get(url, hosts))).toMatchObject({ sent: false });
    expect(seen).toEqual([]);
  });

  test('where nobody listens, and where somebody does not speak TLS', async () => {
    const { host, seen } = await serve((_, answer) => answer.end());
    expect(await failing(get('http://127.0.0.1:1', ['127.0.0.1:1']))).toMatchObject({
      sent: false,
    });
    expect(await failing(get(`https://${host}`, [host]))).toMatchObject({ sent: false });
    expect(seen).toEqual([]);
  });

  test('when its signal is aborted already', async () => {
    const { url, host, seen } = await serve((_, answer) => answer.end());
    const error = await failing(get(url, [host], { signal: AbortSignal.abort('cancelled') }));
    expect(error).toMatchObject({ sent: false, message: expect.stringContaining('cancelled') });
    expect(seen).toEqual([]);
  });
});

test('an address that is listed with its port is reached, by its name too', async () => {
  const { url, host, port } = await serve((_, answer) => answer.end('hello'));
  expect(await get(url, [host])).toMatchObject({ status: 200, body: 'hello' });
  const named = `localhost:${port}`;
  expect(await get(`http://${named}`, [named])).toMatchObject({ status: 200, body: 'hello' });
});

test('a redirect is an answer and is not followed', async () => {
  const target = await serve((_, answer) => answer.end());
  const { url, host } = await serve((_, answer) =>
    answer.writeHead(302, { location: target.url }).end(),
  );
  expect(await get(url, [host, target.host])).toMatchObject({ status: 302 });
  expect(target.seen).toEqual([]);
});

test('a compressed answer is not expanded', async () => {
  const bomb = gzipSync(Buffer.alloc(20 * 2 ** 20));
  const { url, host } = await serve((_, answer) =>
    answer.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  );
  const { body } = await get(url, [host]);
  expect(body.length).toBeLessThanOrEqual(bomb.length);
});

test.each(['with', 'without'])(
  'an answer that is too long %s saying so is given up',
  async (how) => {
    const { url, host } = await serve((_, answer) => {
      if (how === 'with') answer.setHeader('content-length', 2 ** 30);
      const more = () => {
        while (!answer.destroyed && answer.write(Buffer.alloc(2 ** 14)));
        if (!answer.destroyed) answer.once('drain', more);
      };
      more();
    });
    expect(await failing(get(url, [host]))).toMatchObject({
      sent: true,
      message: expect.stringContaining('longer than 65536 bytes'),
    });
  },
);

test.each(['the head', 'the body'])(
  'a server that drips %s is given up at the deadline',
  async (part) => {
    const { url, host } = await serve((_, answer) => {
      if (part === 'the head') return;
      answer.writeHead(200);
      const drip = setInterval(() => answer.write('x'), 50);
      answer.once('close', () => clearInterval(drip));
    });
    const began = performance.now();
    const error = await failing(get(url, [host], { timeoutMs: 700 }));
    expect(error).toMatchObject({
      sent: true,
      message: expect.stringContaining('no answer within 0.7 s'),
    });
    expect(performance.now() - began).toBeLessThan(10_000);
  },
);

describe('the remedy http.request', async () => {
  const { db } = await testDatabase();
  const allow = (...hosts: string[]) =>
    db
      .insertInto('engine.settings')
      .values({ key: 'http_hosts', value: JSON.stringify(hosts) })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({ value: JSON.stringify(hosts) }),
      )
      .execute();
  const context = {
    ...botChanges(db),
    db,
    now: new Date(),
    signal: never,
    key: 'one application',
    secret: (name: string) => name,
    target: { fingerprint: 'f', component: 'c', key: 'k', metadata: {} },
    before: null,
    after: null,
  };
  const read = (given: object) => sendHttpRequest.params.parse(given) as any;
  const apply = (given: object) => sendHttpRequest.apply(read(given), context);
  const isDone = (given: object) => sendHttpRequest.isDone(read(given), context);
  const answering = (status: number) => serve((_, answer) => answer.writeHead(status).end('told'));

  test('is denied until somebody allows the host', async () => {
    const { url, host, seen } = await answering(200);
    await expect(apply({ url })).rejects.toThrow(NotAppliedError);
    expect(seen).toEqual([]);
    await allow(host);
    expect(await apply({ url: `${url}/hook`, headers: { 'X-Own': 'a' }, body: '{}' })).toEqual({
      summary: `sent POST ${host}: 200`,
      before: null,
      after: { status: 200, body: 'told' },
    });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/hook',
        headers: { 'x-own': 'a', 'idempotency-key': 'one application' },
      },
    ]);
  });

  test.each([
    [200, undefined, 'works'],
    [204, undefined, 'works'],
    [303, [303], 'works'],
    [200, [202], 'is in doubt'],
    [302, undefined, 'is in doubt'],
    [408, undefined, 'is in doubt'],
    [500, undefined, 'is in doubt'],
    [502, undefined, 'is in doubt'],
    [403, undefined, 'was not done'],
    [404, undefined, 'was not done'],
  ])('answered with %i (expected: %j) it %s', async (status, expect_, how) => {
    const { url, host } = await answering(status);
    await allow(host);
    const error = await apply({ url, expect: expect_ }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const said = !error
      ? 'works'
      : error instanceof NotAppliedError
        ? 'was not done'
        : 'is in doubt';
    expect(said).toBe(how);
  });

  test.each([
    [200, true],
    [404, false],
    [500, null],
    [302, null],
  ])('asks whether it was done, and an answer %i means %s', async (status, done) => {
    const { url, host, seen } = await answering(status);
    await allow(host);
    expect(await isDone({ url, done: { url: `${url}/jobs/1` } })).toBe(done);
    expect(seen).toMatchObject([{ method: 'GET', url: '/jobs/1' }]);
  });

  test('cannot tell without a request that asks, and not when that fails', async () => {
    expect(await isDone({ url: 'https://a.example' })).toBeNull();
    await allow('127.0.0.1:1');
    const dead = { url: 'http://127.0.0.1:1/' };
    await expect(isDone({ ...dead, done: dead })).rejects.toThrow('ECONNREFUSED');
    await expect(apply(dead)).rejects.toThrow(NotAppliedError);
  });

  test('has certainly done nothing where its settings could not be read, and is not to blame for it', async () => {
    const { url, host, seen } = await answering(200);
    await allow(host);
    const given = read({ url, undo: { url: `${url}/off` } });
    const met = await db.connection().execute(async (one) => {
      await endSession(one, db);
      const lost = { ...context, db: one };
      return Promise.allSettled([
        sendHttpRequest.apply(given, lost),
        sendHttpRequest.undo!(given, lost),
      ]);
    });
    for (const { reason } of met as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(NotAppliedError);
      expect(faultBehind(reason)).toBe('connection');
    }
    expect(seen).toEqual([]);
  });

  test('is irreversible unless the entry names a request that takes it back', async () => {
    const { url, host, seen } = await answering(200);
    await allow(host);
    const risk = sendHttpRequest.risk as (given: unknown) => string;
    expect(risk(read({ url }))).toBe('irreversible');
    const given = read({ url: `${url}/on`, undo: { method: 'DELETE', url: `${url}/off` } });
    expect(risk(given)).toBe('reversible');
    expect((await sendHttpRequest.undo!(given, context)).after).toMatchObject({ status: 200 });
    expect(seen).toMatchObject([
      { method: 'DELETE', url: '/off', headers: { 'idempotency-key': 'one application-undo' } },
    ]);
    await expect(sendHttpRequest.undo!(read({ url }), context)).rejects.toThrow(NotAppliedError);
  });

  test.each([
    { url: 'ftp://a.example' },
    { url: 'file:///etc/passwd' },
    { url: 'a.example' },
    { url: 'https://ann:secret@a.example' },
    { url: 'https://a.example', method: 'CONNECT' },
    { url: 'https://a.example', headers: { Host: 'b.example' } },
    { url: 'https://a.example', headers: { 'content-LENGTH': '3' } },
    { url: 'https://a.example', headers: { 'x-a': 'a\r\nx-b: b' } },
    { url: 'https://a.example', headers: { 'x a': 'b' } },
    { url: 'https://a.example', timeout_seconds: 3600 },
    { url: 'https://a.example', follow: true },
    {},
  ])('does not take %j', (given) => {
    expect(sendHttpRequest.params.safeParse(given).success).toBe(false);
  });
});
