/**
 * A server of remote bots in a process of its own, which a test kills: `node server-process.ts CERT KEY PORT STATUS BODY HALF`. It tells its
 * parent of each request. With HALF it sends half of the body, says `half`, and sends no more.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const [, , cert = '', key = '', port = '0', status = '200', body = '', half] = process.argv;

const server = createServer(
  { cert: readFileSync(cert), key: readFileSync(key) },
  async (incoming, response) => {
    const { method, url, headers } = incoming;
    process.send!({ asked: { method, url, headers, body: await text(incoming) } });
    response.writeHead(Number(status), {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    if (!half) return void response.end(body);
    response.write(body.slice(0, body.length / 2), () => process.send!({ half: true }));
  },
);
server.listen(Number(port), '127.0.0.1', () =>
  process.send!({ port: (server.address() as AddressInfo).port }),
);
