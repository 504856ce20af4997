/** A name with several addresses, of which some do not answer: clients use the next one, and so do we. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { serveHttp, serveHttps } from '../support/http-server.ts';

/** In a namespace of its own a process may have other names than the rest of the machine. */
const cannot = spawnSync('unshare', ['--mount', 'mount', '--bind', '/etc', '/etc']).status !== 0;

/** What a module says where the name `two.test` has these addresses. */
async function withAddresses(addresses: string[], script: string): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-addresses-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const hosts = join(directory, 'hosts');
  writeFileSync(hosts, addresses.map((address) => `${address} two.test\n`).join(''));
  const bound = 'mount --bind "$0" /etc/hosts && exec "$@"';
  const node = [process.execPath, '--input-type=module', '-e', script];
  const child = spawn('unshare', ['--mount', 'sh', '-c', bound, hosts, ...node]);
  let [out, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  await once(child, 'close');
  expect(errors).toBe('');
  return JSON.parse(out);
}

const moduleAt = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
const said = `.then((answer) => answer, ({ message, sent, fault }) => ({ message, sent, fault }))
  .then((answer) => console.log(JSON.stringify(answer)))`;
const limits = (host: string) =>
  `{ hosts: ${JSON.stringify([host])}, signal: new AbortController().signal, timeoutMs: 20_000 }`;
const asks = (port: number) => `
  import { request } from ${moduleAt('../../src/outbound/request.ts')};
  await request({ method: 'GET', url: 'http://two.test:${port}/' }, ${limits(`two.test:${port}`)})${said};`;

describe.skipIf(cannot)('a name with an address that does not answer', () => {
  test('is reached at the other one', async () => {
    const { port } = await serveHttp((_, answer) => answer.end('well'));
    for (const other of ['::1', '127.0.0.2'])
      expect(await withAddresses([other, '127.0.0.1'], asks(port))).toMatchObject({
        status: 200,
        body: 'well',
      });
  });

  test('is not reached where none answers, and nothing was sent', async () => {
    const { port } = await serveHttp(() => {});
    expect(await withAddresses(['::1', '127.0.0.2'], asks(port))).toMatchObject({
      message: expect.stringMatching(/^two\.test:\d+: .*ECONNREFUSED/),
      sent: false,
      fault: 'other',
    });
  });

  test('is refused where one of them is not public', async () => {
    const { port } = await serveHttp((_, answer) => answer.end('well'));
    const script = asks(port).replace(/hosts: \[.*?\]/, 'hosts: [], publicly: true');
    expect(await withAddresses(['93.184.216.34', '127.0.0.1'], script)).toMatchObject({
      fault: 'refused',
    });
  });

  test.runIf(hasOpenssl)('shows the certificate of the other one', async () => {
    const issued = authority().issue('app', 'DNS:two.test');
    const { port } = await serveHttps(() => {}, issued);
    const script = `
      import { presentedCertificate } from ${moduleAt('../../src/outbound/certificate.ts')};
      await presentedCertificate('two.test', ${port}, ${limits(`two.test:${port}`)})${said};`;
    expect(await withAddresses(['::1', '127.0.0.1'], script)).toMatchObject({
      subject: 'app',
      wrongName: null,
    });
  });
});
