/** What one listener takes from whoever reaches its port: real sockets against a real server. */
import { once } from 'node:events';
import { connect as connectTo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openEvents } from '../../src/events/events.ts';
import type { EngineEvent } from '../../src/events/kinds.ts';
import { rawBody } from '../../src/web/request/body.ts';
import { limits as production, type Limits } from '../../src/web/limits.ts';
import { listen } from '../../src/web/listen.ts';
import type { Route } from '../../src/web/request/route.ts';
import { hostileTexts } from '../support/hostile-texts.ts';

const small: Limits = { ...production, headersMs: 300, arrivalMs: 700, answerMs: 400, idleMs: 500 };

const echo: Route = {
  method: 'POST',
  path: '/length/:name',
  answer: async (c) => c.json({ length: (await rawBody(c)).length }),
};
let atSlow = 0;
const slow: Route = {
  method: 'POST',
  path: '/slow',
  async answer(c) {
    await rawBody(c);
    atSlow += 1;
    await sleep(60_000, undefined, { ref: false });
    return c.json({});
  },
};
const broken: Route = {
  method: 'GET',
  path: '/broken',
  answer() {
    throw new Error('secret-of-the-route');
  },
};

async function serve(limits: Limits = small) {
  const { emit, subscribe } = openEvents();
  const events: EngineEvent[] = [];
  subscribe((event) => void events.push(event));
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    database: () => null,
    sources: { keys: undefined, variable: () => undefined },
    emit,
    limits,
    routes: [echo, slow, broken],
  });
  onTestFinished(() => listener.close(0));
  return { ...listener, url: `http://127.0.0.1:${listener.port}`, events };
}

/** A raw connection: what is written to it, and all that came back until it was closed. */
function raw(port: number): { socket: Socket; ended: Promise<string> } {
  const socket = connectTo(port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return { socket, ended: new Promise((resolve) => socket.once('close', () => resolve(heard))) };
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers });

test('a body is taken up to its limit, and one byte more is refused, whether it is announced or not', async () => {
  const { url } = await serve();
  const most = production.bodyBytes;
  expect(await (await post(`${url}/length/x`, 'x'.repeat(most))).json()).toEqual({ length: most });
  const announced = await post(`${url}/length/x`, 'x'.repeat(most + 1));
  expect(announced.status).toBe(413);
  const stream = new Response('x'.repeat(most + 1)).body!;
  const unannounced = await fetch(`${url}/length/x`, {
    method: 'POST',
    body: stream,
    duplex: 'half',
  } as RequestInit);
  expect(unannounced.status).toBe(413);
});

test('a sender that asks before it sends is told at once that its body is too large', async () => {
  const { port } = await serve();
  const { socket, ended } = raw(port);
  socket.write(
    'POST /length/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n',
  );
  expect(await ended).toMatch(/^HTTP\/1.1 413 /);
});

test('a compressed body is refused before it is read', async () => {
  const { url } = await serve();
  const answer = await post(`${url}/length/x`, 'x', { 'content-encoding': 'gzip' });
  expect(answer.status).toBe(400);
});

test('headers that never end: the connection is closed after the time for headers', async () => {
  const { port } = await serve();
  const { socket, ended } = raw(port);
  socket.write('POST /length/x HTTP/1.1\r\nHost: a\r\nX-A: ');
  const drip = setInterval(() => socket.write('a'), 50);
  onTestFinished(() => clearInterval(drip));
  expect(await ended).toMatch(/^(HTTP\/1.1 408 .*)?$/s);
});

test('a connection on which nothing is sent is closed after the time for headers', async () => {
  const { port } = await serve();
  expect(await raw(port).ended).toMatch(/^(HTTP\/1.1 408 .*)?$/s);
});

test('a body that drips is cut off after the time for a whole request', async () => {
  const { port } = await serve();
  const { socket, ended } = raw(port);
  socket.write('POST /length/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const drip = setInterval(() => socket.write('1\r\nx\r\n'), 20);
  onTestFinished(() => clearInterval(drip));
  expect(await ended).toMatch(/^(HTTP\/1.1 (408|503) .*)?$/s);
});

test('an answer that does not come is given up, with 503', async () => {
  const { url } = await serve();
  const answer = await post(`${url}/slow`, 'x');
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
});

test('a flood of headers is refused', async () => {
  const { port } = await serve();
  const { socket, ended } = raw(port);
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${'X-Aaaaaaaaaaaaaaaa: b\r\n'.repeat(5_000)}\r\n`);
  // The answer is lost where the sender was still sending.
  expect(await ended).toMatch(/^(HTTP\/1.1 431 .*)?$/s);
});

test('a connection that sends more requests than are answered is closed', async () => {
  const { port } = await serve({ ...small, requestsOfConnection: 3, answerMs: 30_000 });
  const one = 'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx';
  const polite = raw(port);
  polite.socket.write(one.repeat(3));
  const { socket, ended } = raw(port);
  socket.write(one.repeat(4));
  expect(await ended).toBe('');
  expect(polite.socket.destroyed).toBe(false);
});

const roomy: Limits = { ...small, headersMs: 20_000, arrivalMs: 20_000, answerMs: 20_000 };
const unfinished = 'POST /length/x HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nx';

test('for a further connection that one is closed which has gone longest without a whole request', async () => {
  const { port, url } = await serve({ ...roomy, connections: 3 });
  const held = [];
  for (let i = 0; i < 3; i++) {
    held.push(raw(port));
    await once(held[i]!.socket, 'connect');
    held[i]!.socket.write(unfinished);
  }
  expect((await post(`${url}/length/x`, 'x')).status).toBe(200);
  expect(await held[0]!.ended).toBe('');
  expect(held[2]!.socket.destroyed).toBe(false);
});

test('senders that hold connections and open new ones at once keep out no request', async () => {
  const { port, url } = await serve({ ...roomy, connections: 200 });
  let isOver = false;
  const hold = () => {
    const { socket } = raw(port);
    socket.once('connect', () => socket.write(unfinished));
    socket.once('close', () => isOver || setTimeout(hold, 100));
    onTestFinished(() => void socket.destroy());
  };
  onTestFinished(() => void (isOver = true));
  for (let i = 0; i < 230; i++) hold();
  for (let i = 0; i < 5; i++) expect((await post(`${url}/length/x`, 'x')).status).toBe(200);
});

test('while each connection has a request that is answered, a further one is closed', async () => {
  const { port, url } = await serve({ ...roomy, connections: 2 });
  const before = atSlow;
  const busy = [raw(port), raw(port)];
  const one = 'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx';
  for (const { socket } of busy) {
    await once(socket, 'connect');
    socket.write(one);
  }
  await expect.poll(() => atSlow - before).toBe(2);
  expect(await raw(port).ended).toBe('');
  expect(busy.map(({ socket }) => socket.destroyed)).toEqual([false, false]);
  busy[0]!.socket.destroy();
  await expect
    .poll(() =>
      post(`${url}/length/x`, 'x').then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
});

test('further requests are answered with 503 while as many as may be are open', async () => {
  const { url } = await serve({ ...small, requests: 1, answerMs: 2_000 });
  const first = post(`${url}/slow`, 'x');
  await expect.poll(async () => (await post(`${url}/length/x`, 'x')).status).toBe(503);
  expect((await first).status).toBe(503);
  expect((await post(`${url}/length/x`, 'x')).status).toBe(200);
});

test('bodies that are too large together are refused while none of them can be cut off, and their bytes are given back', async () => {
  const { url } = await serve({ ...small, allBodiesBytes: 1_000, answerMs: 2_000 });
  const before = atSlow;
  const whole = post(`${url}/slow`, 'x'.repeat(800));
  await expect.poll(() => atSlow - before).toBe(1);
  expect((await post(`${url}/length/x`, 'x'.repeat(300))).status).toBe(503);
  expect((await whole).status).toBe(503);
  await expect.poll(async () => (await post(`${url}/length/x`, 'x'.repeat(300))).status).toBe(200);
});

test('a sender that does not end its bodies keeps out no other one: the oldest of them is cut off', async () => {
  const { url, port } = await serve({ ...roomy, allBodiesBytes: 100_000 });
  const begun = `POST /length/x HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n`;
  const held: ReturnType<typeof raw>[] = [];
  for (let i = 0; i < 10; i++) {
    const each = raw(port);
    each.socket.write(`${begun}${'x'.repeat(9_900)}`);
    held.push(each);
    await once(each.socket, 'connect');
  }
  await expect
    .poll(async () => {
      expect((await post(`${url}/length/x`, 'x'.repeat(5_000))).status).toBe(200);
      return held[0]!.socket.destroyed;
    })
    .toBe(true);
  expect(await held[0]!.ended).toMatch(/^HTTP\/1\.1 503 /);
  expect(held.at(-1)!.socket.destroyed).toBe(false);
});

test('a hundred connections that send a byte at a time keep out no request', async () => {
  const { url, port } = await serve({ ...roomy, connections: 100 });
  const drips = Array.from({ length: 100 }, () => {
    const { socket } = raw(port);
    socket.write('POST /length/x HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n');
    return setInterval(() => socket.destroyed || socket.write('x'), 20);
  });
  onTestFinished(() => drips.forEach((drip) => clearInterval(drip)));
  for (let i = 0; i < 10; i++) expect((await post(`${url}/length/x`, 'x')).status).toBe(200);
});

test('no answer repeats a part of the request or of an error', async () => {
  const { url, port, events } = await serve();
  for (const text of hostileTexts) {
    const path = `/${encodeURIComponent(text.toWellFormed())}`;
    const answer = await fetch(`${url}${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: 'not found' });
  }
  const { socket, ended } = raw(port);
  socket.write('GET /<script>\u001B[31m HTTP/1.1\r\nHost: <b>\r\nConnection: close\r\n\r\n');
  const heard = await ended;
  for (const part of ['script', '<b>', '\u001B']) expect(heard).not.toContain(part);
  const failed = await fetch(`${url}/broken`);
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain('secret');
  expect(events.map(({ name }) => name)).toContain('web.failed');
});
