/** Ranges of private networks: what a listed host may lead to by them, and what it may not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { whyRefused } from '../../src/outbound/address.ts';
import { allowedBy, problemOfEntry } from '../../src/outbound/hosts.ts';
import { resolveHost } from '../../src/outbound/resolve.ts';

test.each([
  ['10.1.0.0/16', ['10.1.0.0', '10.1.2.3', '10.1.255.255'], ['10.0.255.255', '10.2.0.0']],
  ['192.168.7.0/24', ['192.168.7.9'], ['192.168.8.9', '127.0.0.1', '169.254.169.254']],
  ['10.1.2.3/32', ['10.1.2.3'], ['10.1.2.4']],
  ['100.64.0.0/10', ['100.64.0.1'], ['100.100.100.200']],
  ['fd00::/8', ['fd12:3456::1', 'fd00::1'], ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254']],
  ['fc00::/7', ['fc00::1'], ['fe80::1', '::1', 'fd00:ec2::254']],
  // Other forms of an address in the range do not lead to it, or not by its own network.
  [
    '10.0.0.0/8',
    ['10.9.9.9'],
    ['::ffff:10.1.2.3', '::10.1.2.3', '64:ff9b::10.1.2.3', '2002:a01:203::'],
  ],
])('%s opens %j, and not %j', async (range, open, closed) => {
  expect(problemOfEntry(range)).toBeNull();
  for (const address of open) expect(await whyRefused(address, [range]), address).toBeNull();
  for (const address of closed) {
    const isPublic = (await whyRefused(address)) === null;
    if (!isPublic) expect(await whyRefused(address, [range]), address).not.toBeNull();
  }
});

test.each([
  ['0.0.0.0/0', 'within one private network'],
  ['127.0.0.0/8', 'within one private network'],
  ['169.254.0.0/16', 'within one private network'],
  ['8.8.8.0/24', 'within one private network'],
  ['10.0.0.0/7', 'within one private network'],
  ['172.0.0.0/8', 'within one private network'],
  ['::/0', 'within one private network'],
  ['::ffff:a00:0/104', 'within one private network'],
  ['fe80::/10', 'within one private network'],
  ['10.1.2.3/16', 'the network is 10.1.0.0/16'],
  ['fd12::1/64', 'the network is fd12::/64'],
  ['10.1/16', 'is no range'],
  ['010.0.0.0/8', 'is no range'],
  ['0x0a000000/8', 'is no range'],
  ['10.0.0.0/33', 'is no range'],
  ['10.0.0.0/', 'is no range'],
  ['fd00::%eth0/8', 'is no range'],
  ['10.0.0.0/8,', 'is no host'],
  ['https://a.example', 'is no host'],
])('%s is refused at the door: %s', (entry, why) => {
  expect(problemOfEntry(entry)).toContain(why);
});

test('a range that a statement by hand wrote and that cannot be used allows nothing', async () => {
  for (const range of ['0.0.0.0/0', '127.0.0.0/8', '10.1.2.3/16', '/', '10.0.0.0/8 '])
    for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254'])
      expect(await whyRefused(address, [range]), `${address} by ${range}`).not.toBeNull();
});

test('no range opens what is neither public nor in a private network', async () => {
  const ranges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
  const isPrivate =
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;
  await fc.assert(
    fc.asyncProperty(fc.ipV4(), async (address) => {
      const [alone, within] = [await whyRefused(address), await whyRefused(address, ranges)];
      if (!isPrivate.test(address)) expect(within).toBe(alone);
      else expect(within === null).toBe(address !== '100.100.100.200');
    }),
    { numRuns: 5_000 },
  );
});

describe('a range allows no host by itself', () => {
  const ranges = ['10.1.0.0/16'];
  test.each([
    [['10.1.0.0/16'], 'https://10.1.2.3/', null],
    [['10.1.0.0/16'], 'https://app.internal/', null],
    [['app.internal', '10.1.0.0/16'], 'https://app.internal/', { exactly: false, ranges }],
    [['app.internal', '10.1.0.0/16'], 'http://app.internal/', { exactly: false, ranges }],
    [['app.internal', '10.1.0.0/16'], 'https://app.internal:8443/', null],
    [['app.internal:8443', '10.1.0.0/16'], 'https://app.internal:8443/', { exactly: true }],
    [['10.1.2.3', '10.1.0.0/16'], 'https://10.1.2.3/', { exactly: false, ranges }],
  ])('the list %j and %s: %j', (list, url, allowed) => {
    expect(allowedBy(list, new URL(url))).toEqual(allowed);
  });

  test('also where every public host may be asked', async () => {
    const hosts = ['app.internal', '10.1.0.0/16'];
    const asks = (host: string, port: number) => resolveHost(host, port, { hosts, publicly: true });
    await expect(asks('10.1.2.3', 443)).rejects.toThrow('is refused');
    hosts.push('10.1.2.3');
    expect(await asks('10.1.2.3', 443)).toEqual([{ address: '10.1.2.3', family: 4 }]);
    await expect(asks('10.1.2.3', 8443)).rejects.toThrow('is refused');
  });
});
