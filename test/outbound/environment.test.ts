/** Variables of the environment that would weaken every request of a Node process do not change requests to other systems. */
import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { serveHttps } from '../support/http-server.ts';

const requestModule = new URL('../../src/outbound/request.ts', import.meta.url).href;

/** Sends a GET in a process of its own that was started with these variables; its output is the answer's status, or what went wrong. */
async function ask(url: string, variables: NodeJS.ProcessEnv): Promise<string> {
  const program = `
    const { request } = await import(${JSON.stringify(requestModule)});
    const limits = { hosts: [new URL(process.argv[1]).host], signal: new AbortController().signal, timeoutMs: 5000 };
    const told = await request({ method: 'GET', url: process.argv[1] }, limits).then(({ status }) => status, (error) => error.message);
    console.log(told);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program, url],
    { env: { PATH: process.env.PATH, ...variables } },
  );
  return stdout.trim();
}

test.runIf(hasOpenssl)(
  'NODE_TLS_REJECT_UNAUTHORIZED=0 has no certificate accepted that would not be accepted without it',
  async () => {
    let asked = 0;
    const own = authority();
    const served = await serveHttps(
      (_, response) => {
        asked += 1;
        response.end('well');
      },
      own.selfSigned('bot', 'IP:127.0.0.1'),
    );
    const told = await ask(served.url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(told).toMatch(/certificate/);
    expect(asked).toBe(0);
  },
);

test.runIf(hasOpenssl)('no proxy of the environment sees a request', async () => {
  let connections = 0;
  const proxy = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const own = authority();
  const served = await serveHttps(
    (_, response) => void response.end('well'),
    own.issue('bot', 'IP:127.0.0.1'),
  );
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'];
  const told = await ask(served.url, {
    NODE_EXTRA_CA_CERTS: own.ca,
    NODE_USE_ENV_PROXY: '1',
    ...Object.fromEntries(names.map((name) => [name, address])),
  });
  expect([told, connections]).toEqual(['200', 0]);
});
