/**
 * A server that remote bots can be tried on: route.ts behind HTTPS, with plain Node.
 *
 *     npx node examples/remote-bot/server.ts
 *
 * TLS_CERT and TLS_KEY name the files of a certificate, PORT the port (8443 unless set), ROUNDSMAN_SECRET and CRON_SECRET the secrets of
 * the two contracts. docs/remote-bots.md says how the bot is added.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { GET, POST } from './route.ts';

async function answerTo(incoming: IncomingMessage): Promise<Response> {
  const { method = 'GET', url = '/', headers } = incoming;
  if (new URL(url, 'https://localhost').pathname !== '/api/bots/mail')
    return new Response('there is no such route', { status: 404 });
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) given.set(name, String(value));
  const body = method === 'POST' ? new Uint8Array(await buffer(incoming)) : null;
  const request = new Request(`https://localhost${url}`, { method, headers: given, body });
  if (method === 'POST') return POST(request);
  return method === 'GET' ? GET(request) : new Response('POST or GET', { status: 405 });
}

async function reply(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const answer = await answerTo(incoming);
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers.entries()));
  outgoing.end(await answer.text());
}

const [cert, key] = ['TLS_CERT', 'TLS_KEY'].map((name) => readFileSync(process.env[name]!));
const server = createServer({ cert: cert!, key: key! }, (incoming, outgoing) => {
  void reply(incoming, outgoing);
});
server.listen(Number(process.env.PORT ?? 8443), process.env.HOST ?? '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on port ${port}`);
});
