/** What a request says beside its answer: how long it took, whether it was cut, and why it failed. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OutboundError } from '../../src/outbound/error.ts';
import { request } from '../../src/outbound/request.ts';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { serveHttp, serveHttps } from '../support/http-server.ts';

const never = new AbortController().signal;
const get = (url: string, hosts: string[], rest: object = {}) =>
  request({ method: 'GET', url }, { hosts, signal: never, timeoutMs: 20_000, ...rest });

const fault = (sending: Promise<unknown>): Promise<string> =>
  sending.then(
    () => 'none',
    (error: unknown) => (error as OutboundError).fault,
  );

test('a body is read up to the bound, and is an error beyond it unless it may be cut', async () => {
  const { url, host } = await serveHttp((_, answer) => answer.end('0123456789'));
  expect(await get(url, [host], { maxBytes: 10, cut: true })).toMatchObject({
    body: '0123456789',
    cut: false,
  });
  expect(await get(url, [host], { maxBytes: 9, cut: true })).toMatchObject({
    status: 200,
    body: '012345678',
    cut: true,
  });
  expect(await get(url, [host], { maxBytes: 10 })).toMatchObject({ cut: false });
  await expect(get(url, [host], { maxBytes: 9 })).rejects.toThrow('longer than 9 bytes');
});

test('a cut leaves the connection, and goes through a character without an error', async () => {
  let closed = 0;
  const { url, host } = await serveHttp((_, answer) => {
    answer.on('close', () => (closed += 1));
    answer.write('aé'.repeat(50_000));
  });
  expect((await get(url, [host], { maxBytes: 2, cut: true })).body).toBe('a\uFFFD');
  await expect.poll(() => closed).toBe(1);
});

test('the time lasts until the last byte', async () => {
  const { url, host } = await serveHttp((_, answer) => {
    answer.write('a');
    setTimeout(() => answer.end('b'), 200);
  });
  const { ms } = await get(url, [host]);
  expect(ms).toBeGreaterThan(190);
});

test.each(['http', 'https'])(
  'an %s request is over when it is stopped, also while the connection is being opened',
  async (protocol) => {
    const sockets = new Set<Socket>();
    // For https it never answers the handshake; for http it never answers at all.
    const silent = createServer((socket) => void sockets.add(socket.resume())).listen(
      0,
      '127.0.0.1',
    );
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const stop = new AbortController();
    const asked = request(
      { method: 'GET', url: `${protocol}://${host}/` },
      // The test's own time is over long before.
      { hosts: [host], signal: stop.signal, timeoutMs: 3_600_000 },
    );
    const [socket] = await once(silent, 'connection');
    const closed = once(socket as Socket, 'close');
    stop.abort(new Error('the test'));
    await expect(asked).rejects.toThrow(`${host}: stopped: Error: the test`);
    await closed;
  },
);

test('a fault says whether the server was asked at all', async () => {
  const { host, url } = await serveHttp(() => {});
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  expect(await fault(get(url, []))).toBe('refused');
  expect(await fault(get(url, [], { publicly: true }))).toBe('refused');
  expect(await fault(get(`http://ann:pw@${host}/`, [host]))).toBe('refused');
  expect(await fault(get(url, [host], { timeoutMs: 100 }))).toBe('timeout');
  expect(await fault(get(`http://127.0.0.1:${port}/`, [`127.0.0.1:${port}`]))).toBe('other');
  expect(await fault(get(`https://${host}/`, [host]))).toBe('other');
  expect(await fault(get(url, [host], { signal: AbortSignal.abort('over') }))).toBe('other');
});

test.runIf(hasOpenssl)('a certificate that cannot be trusted is a fault of its own', async () => {
  const { issue } = authority();
  const { url, host } = await serveHttps(() => {}, issue('app', 'IP:127.0.0.1'));
  expect(await fault(get(url, [host]))).toBe('certificate');
});

describe('a body is read', () => {
  const cyrillic = Buffer.from('cff0e8e2e5f2', 'hex');
  const read = async (body: Buffer | string, headers: Record<string, string> = {}, rest = {}) => {
    const { url, host } = await serveHttp((_, answer) => answer.writeHead(200, headers).end(body));
    return (await get(url, [host], rest)).body;
  };
  const page = (declaration: string) => Buffer.concat([Buffer.from(declaration), cyrillic]);

  test.each([
    [
      'the header says',
      cyrillic,
      { 'content-type': 'text/html; Charset="windows-1251"' },
      'Привет',
    ],
    [
      'XML says',
      page(`<?xml version="1.0" encoding='windows-1251'?>`),
      {},
      `<?xml version="1.0" encoding='windows-1251'?>Привет`,
    ],
    ['a page says', page('<meta charset=cp1251>'), {}, '<meta charset=cp1251>Привет'],
    [
      'a page says, where the header names no encoding that there is',
      page('<meta http-equiv="x" content="text/html; charset=cp1251">'),
      { 'content-type': 'text/html; charset=none' },
      '<meta http-equiv="x" content="text/html; charset=cp1251">Привет',
    ],
    ['its first bytes say', Buffer.from('\uFEFFПривет', 'utf16le'), {}, 'Привет'],
  ])('as %s', async (_, body, headers, text) => {
    for (const rest of [{}, { cut: true }]) expect(await read(body, headers, rest)).toBe(text);
  });

  test('as UTF-8 where it is that, whatever is said, and where nothing is', async () => {
    const headers = { 'content-type': 'text/xml; charset=iso-8859-1' };
    expect(await read('<?xml encoding="koi8-r"?>Grüße', headers)).toContain('Grüße');
    expect(await read('Grüße', headers, { cut: true, maxBytes: 3 })).toBe('Gr\uFFFD');
    expect(await read(cyrillic)).toMatch(/^\uFFFD+$/);
    expect(await read('')).toBe('');
  });
});
