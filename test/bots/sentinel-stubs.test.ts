/** The sentinel asks for paths that do not exist, and tells stubs from single page applications. */
import type { RequestListener } from 'node:http';
import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { sentinel } from '../../bots/sentinel.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { allowHosts, anApp, databaseOfApps } from '../support/apps.ts';
import { runCheck } from '../support/check.ts';
import { serveHttp } from '../support/http-server.ts';

const db = await databaseOfApps();

const check = (config = {}) => runCheck(sentinel, 'stubs', db, config);

async function serve(listener: RequestListener, path = '') {
  const paths: string[] = [];
  const at = await serveHttp((asked, answer) => {
    paths.push(asked.url!);
    listener(asked, answer);
  });
  await allowHosts(db, at.host);
  await anApp(db, 'shop', at.url + path);
  return { ...at, paths };
}

const always =
  (body: string, type = 'text/plain'): RequestListener =>
  (_, answer) =>
    answer.writeHead(200, { 'content-type': type }).end(body);

let count = 0;
const bare =
  'App shop answers any path with the same few words: a placeholder may stand in its place';
const page =
  'App shop answers any path with the same page: paths that do not exist are not answered 404';

test.each<[string, RequestListener, [string, string][]]>([
  ['ok', always('ok'), [['medium', bare]]],
  ['ok, called HTML', always('ok', 'text/html'), [['medium', bare]]],
  ['JSON', always('{"status":"ok"}', 'application/json'), [['medium', bare]]],
  [
    'JSON with a count and the path',
    ({ url }, answer) => answer.end(JSON.stringify({ ok: true, count: (count += 1), url })),
    [['medium', bare]],
  ],
  [
    'JSON with a count',
    (_, answer) => answer.end(JSON.stringify({ ok: true, count: (count += 1) })),
    [['medium', bare]],
  ],
  [
    'nothing',
    always(''),
    [
      [
        'medium',
        'App shop answers any path with the same empty answer: a placeholder may stand in its place',
      ],
    ],
  ],
  ['a parked page', always('<html><body>This domain is for sale</body></html>'), [['low', page]]],
  [
    'a single page application',
    always('<!doctype html><html><body><div id="root"></div><script src="/app.js"></script>'),
    [],
  ],
  [
    'a page that a script of its own refreshes',
    always('<html><head><meta http-equiv="refresh" content="0;url=/app"></head></html>'),
    [],
  ],
  [
    'an application that says that the page is missing',
    ({ url }, answer) => answer.end(url === '/' ? 'Welcome' : 'There is no such page'),
    [],
  ],
  ['404', ({ url }, answer) => answer.writeHead(url === '/' ? 200 : 404).end('ok'), []],
  [
    'a redirect to the page',
    ({ url }, answer) =>
      url === '/' ? answer.end('ok') : answer.writeHead(302, { location: '/' }).end(),
    [],
  ],
  [
    'a redirect to another site',
    (_, answer) => answer.writeHead(302, { location: 'https://login.example/' }).end(),
    [],
  ],
])('a server that answers with %s', async (_, listener, expected) => {
  await serve(listener);
  const { findings, examined } = await check();
  expect(findings.map(({ severity, title }) => [severity, title])).toEqual(expected);
  expect(examined).toEqual({ count: 1, except: [] });
});

test.each<[string, RequestListener]>([
  ['a wall against robots', (_, answer) => answer.writeHead(403, { 'x-datadome': '1' }).end()],
  ['no answer', ({ socket }) => socket.destroy()],
])('where there is %s nothing is known', async (_, listener) => {
  await serve(listener);
  expect(await check()).toMatchObject({ examined: { count: 0, except: ['shop'] }, findings: [] });
});

test('where only the page cannot be seen, nothing is known', async () => {
  await serve(({ url, socket }, answer) => (url === '/' ? socket.destroy() : answer.end('ok')));
  expect(await check()).toMatchObject({ examined: { count: 0, except: ['shop'] }, findings: [] });
});

test('each run asks for another path, at the root of the host, and the page only if it has to', async () => {
  const { paths } = await serve(
    ({ url }, answer) => answer.writeHead(url === '/de/shop' ? 200 : 404).end('ok'),
    '/de/shop',
  );
  await check();
  await check();
  expect(paths).toHaveLength(2);
  expect(new Set(paths).size).toBe(2);
  for (const path of paths) expect(path).toMatch(/^\/[0-9a-f-]{36}$/);
});

test('apps that share an address are asked once, and each is reported', async () => {
  const { url, paths } = await serve(always('ok'));
  await anApp(db, 'shop-again', url);
  await anApp(db, 'elsewhere', 'no address');
  const { findings, examined } = await check();
  expect(findings.map(({ component }) => component)).toEqual(['shop', 'shop-again']);
  // An app that the catalogue does not have is not among those of which nothing is known.
  expect(examined).toEqual({ count: 2, except: ['elsewhere'] });
  expect(paths).toHaveLength(2);
});

test('the settings can switch it off, and time that is over is reported', async () => {
  const { paths } = await serve(() => {});
  await expect(check({ missing_paths: false })).rejects.toThrow(SkippedCheck);
  expect(paths).toEqual([]);
  expect((await check({ max_seconds: 1, timeout_seconds: 60 })).findings).toMatchObject([
    { title: 'Not all missing paths were asked: 1 of 1 were left out' },
  ]);
});

test('a long and hostile body is kept short in what is stored', async () => {
  await serve(always(`ok \u001B[31m${'x'.repeat(10_000)}`));
  const [finding] = (await check()).findings;
  expect(JSON.stringify(finding!.metadata).length).toBeLessThan(1_000);
});

test('both kinds have advice', () => {
  for (const title of [bare, page])
    expect(
      (sentinel.knowledge ?? [])
        .filter(({ pattern }) =>
          RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
            .matcher([title, 'Why.', 'x'].join('\n'))
            .find(),
        )
        .map(({ name }) => name),
    ).toEqual(['app.stub']);
});
