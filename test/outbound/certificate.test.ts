/** The certificate of a server is read through the guard of requests, and nothing is sent to it. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { presentedCertificate } from '../../src/outbound/certificate.ts';
import { OutboundError } from '../../src/outbound/error.ts';
import { authority, hasOpenssl, trust } from '../support/certificates.ts';
import { serveHttp, serveHttps } from '../support/http-server.ts';

const never = new AbortController().signal;
const read = (port: number, hosts: string[], rest: object = {}) =>
  presentedCertificate('127.0.0.1', port, { hosts, signal: never, timeoutMs: 20_000, ...rest });

const failing = async (reading: Promise<unknown>): Promise<OutboundError> => {
  const error = await reading.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OutboundError);
  return error as OutboundError;
};

test('a host that may not be asked is not connected to', async () => {
  let connected = 0;
  const server = createServer((socket) => {
    connected += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  for (const [hosts, publicly] of [
    [[], false],
    [[], true],
    [['127.0.0.1'], true],
    [[`127.0.0.1:${port + 1}`], true],
  ] as const)
    expect(await failing(read(port, [...hosts], { publicly }))).toMatchObject({ fault: 'refused' });
  expect(connected).toBe(0);
  expect(await failing(read(port, [`127.0.0.1:${port}`]))).toMatchObject({ fault: 'other' });
  expect(connected).toBe(1);
});

test('a server without TLS, and one that says nothing, are errors', async () => {
  const { port, host } = await serveHttp(() => {});
  expect((await failing(read(port, [host]))).message).toMatch(
    /^127\.0\.0\.1:\d+: .*wrong version/i,
  );
  const silent = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port: at } = silent.address() as AddressInfo;
  const late = await failing(read(at, [`127.0.0.1:${at}`], { timeoutMs: 200 }));
  expect(late).toMatchObject({ fault: 'timeout' });
  expect(late.message).toBe(`127.0.0.1:${at}: no TLS connection within 0.2 s`);
  const stop = new AbortController();
  const stopped = failing(read(at, [`127.0.0.1:${at}`], { signal: stop.signal }));
  stop.abort('the run was cancelled');
  expect((await stopped).message).toContain('stopped: the run was cancelled');
});

describe.runIf(hasOpenssl)('a certificate', () => {
  test('is read with its chain, its names and whether it is trusted', async () => {
    const root = authority();
    const below = root.below();
    const issued = below.issue('app', 'DNS:a.example,IP:127.0.0.1', 90);
    let requests = 0;
    const { port, host } = await serveHttps(() => (requests += 1), issued, { chain: [below.ca] });
    expect(await read(port, [host])).toMatchObject({
      untrusted: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    });
    trust(root);
    const before = Date.now();
    const { validFrom, validTo, ...rest } = await read(port, [host]);
    expect(rest).toMatchObject({
      subject: 'app',
      issuer: 'authority below',
      names: 'DNS:a.example, IP Address:127.0.0.1',
      wrongName: null,
      untrusted: null,
      chain: [
        { subject: 'authority below', issuer: 'test authority' },
        { subject: 'test authority', issuer: 'test authority' },
      ],
    });
    expect(validTo.getTime() - validFrom.getTime()).toBe(90 * 24 * 3_600_000);
    expect(Math.abs(validFrom.getTime() - before)).toBeLessThan(600_000);
    expect(requests).toBe(0);
  });

  test('for another name says so, also where it is not trusted', async () => {
    const { issue } = authority();
    const { port, host } = await serveHttps(() => {}, issue('app', 'DNS:a.example'));
    const { wrongName, untrusted } = await read(port, [host]);
    expect(wrongName).toContain('127.0.0.1');
    expect(untrusted).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });
});
