/** Servers that are slow, endless, somewhere else or gone: each call ends in time, with a sentence, and without a finding. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { hasOpenssl } from '../support/certificates.ts';
import { calm, json, remoteScene, type Answer } from './scene.ts';

/** What the name `bot.test` leads to: the first entry at the first lookup, and so on. */
const resolved: string[][] = [];
let lookups = 0;

vi.mock('node:dns/promises', async (original) => {
  const real = await original<typeof import('node:dns/promises')>();
  return {
    ...real,
    lookup: async (host: string, options: { all: true }) => {
      if (host !== 'bot.test') return real.lookup(host, options);
      const found = resolved[Math.min(lookups, resolved.length - 1)]!;
      lookups += 1;
      return found.map((address) => ({ address, family: 4 }));
    },
  };
});

/** Counts the connections that reach a port, and leaves each open without an answer. */
async function silentPort() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { sockets, port: (server.address() as AddressInfo).port };
}

/** An answer that fits, with so many bytes. */
const padded = (bytes: number): string => JSON.stringify(calm).padEnd(bytes, ' ');

const short = { timeout_seconds: 1 };

/** Runs the bot, and returns how it ended and how long that took. */
async function timed({ round, findings }: Awaited<ReturnType<typeof remoteScene>>) {
  const began = performance.now();
  const { status, error_message } = await round();
  expect(status).toBe('failed');
  expect(await findings()).toEqual([]);
  return { why: error_message ?? '', ms: performance.now() - began };
}

const drip: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const dripping = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(dripping));
};

const cut: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': '1000' }).write('{"checks":');
  setImmediate(() => response.socket?.destroy());
};

/** Writes to the connection itself, again and again, until it is closed. */
const endless =
  (head: string, piece: string): Answer =>
  ({ socket }) => {
    socket.write(head);
    const more = () => {
      while (!socket.destroyed && socket.writable && socket.write(piece));
    };
    socket.on('drain', more).on('error', () => {});
    more();
  };

const json200 = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const hint = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(100);

const bomb = gzipSync(Buffer.alloc(100 * 1_048_576, ' '));

describe.runIf(hasOpenssl)('a call ends by itself where the server', () => {
  test.each<[string, Answer, string]>([
    ['sends one byte after the other', drip, 'no answer within 1 s'],
    ['never answers', () => {}, 'no answer within 1 s'],
    ['ends in the middle of its answer', cut, '127.0.0.1'],
    [
      'sends a compressed bomb',
      json(bomb.toString('latin1'), 200, { 'content-encoding': 'gzip' }),
      'compressed',
    ],
    ['sends a byte more than 1 MiB', json(padded(1_048_577)), 'longer than 1048576 bytes'],
    ['sends endless headers', json(calm, 200, { 'x-flood': 'x'.repeat(64 * 1_024) }), 'eader'],
    ['sends one header after the other', endless(json200, 'x-flood: 1\r\n'.repeat(100)), 'eader'],
    ['sends endless early hints', endless('', hint), '127.0.0.1'],
    [
      'sends a chunk whose extension does not end',
      endless(`${json200}transfer-encoding: chunked\r\n\r\n1;`, 'x'.repeat(1_000)),
      '127.0.0.1',
    ],
    [
      'sends trailers that do not end',
      endless(`${json200}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-trailer: 1\r\n'.repeat(100)),
      '127.0.0.1',
    ],
    [
      'sends less than it announced',
      ({ socket }) => void socket.end(`${json200}content-length: 1000\r\n\r\n{}`),
      '127.0.0.1',
    ],
    [
      'redirects',
      json('', 307, { location: 'https://127.0.0.1:1/' }),
      'redirects are not followed',
    ],
  ])('%s', async (_, answer, why) => {
    const scene = await remoteScene(answer, { config: short });
    const ended = await timed(scene);
    expect(ended.why).toContain(why);
    expect(ended.ms).toBeLessThan(10_000);
    expect(scene.seen).toHaveLength(1);
  });

  test('no sooner: an answer of 1 MiB is read', async () => {
    const { round } = await remoteScene(json(padded(1_048_576)));
    expect(await round()).toMatchObject({ status: 'success', checks_performed: 1 });
  });

  test('does not finish its handshake', async () => {
    const { sockets, port } = await silentPort();
    const host = `127.0.0.1:${port}`;
    const scene = await remoteScene(json(calm), {
      config: short,
      endpoint: `https://${host}/api`,
      hosts: [host],
    });
    expect((await timed(scene)).why).toContain('no answer within 1 s');
    expect(sockets).toHaveLength(1);
  });

  test('is not trusted', async () => {
    const scene = await remoteScene(json(calm));
    const address = `https://localhost:${scene.port}/api`;
    await scene.allow([`localhost:${scene.port}`]);
    await scene.db
      .updateTable('bots')
      .set({ api_endpoint: address })
      .where('name', '=', 'mail')
      .execute();
    expect((await timed(scene)).why).toMatch(/certificate|localhost/);
    expect(scene.seen).toEqual([]);
  });
});

describe.runIf(hasOpenssl)('no connection is made', () => {
  test('to a host that is not allowed: it says how to allow it', async () => {
    const scene = await remoteScene(json(calm), { hosts: [] });
    expect((await timed(scene)).why).toContain('npx roundsman settings http_hosts --add 127.0.0.1');
    expect(scene.seen).toEqual([]);
  });

  test.each([
    ['another address of this machine', ['93.184.216.34', '127.0.0.1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['the platform of Azure', ['168.63.129.16']],
    ['a private network', ['10.1.2.3']],
  ])('where the name also leads to %s', async (_, addresses) => {
    lookups = 0;
    resolved.splice(0, Infinity, addresses);
    const scene = await remoteScene(json(calm), {
      endpoint: 'https://bot.test/api',
      hosts: ['bot.test'],
    });
    expect((await timed(scene)).why).toContain('is refused');
    expect(scene.seen).toEqual([]);
  });

  test('to the address that a name leads to at its second lookup', async () => {
    const { sockets, port } = await silentPort();
    lookups = 0;
    // Another loopback address has nothing at this port: only a second lookup could reach the server.
    resolved.splice(0, Infinity, ['127.0.0.2'], ['127.0.0.1']);
    const scene = await remoteScene(json(calm), {
      config: short,
      endpoint: `https://bot.test:${port}/api`,
      hosts: [`bot.test:${port}`],
    });
    await timed(scene);
    expect({ lookups, connections: sockets.length }).toEqual({ lookups: 1, connections: 0 });
  });
});
