/** The sentinel asks apps on real servers: each counts what reaches it. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { RE2JS } from 're2js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sentinel } from '../../bots/sentinel.ts';
import { isSameSite } from '../../bots/sentinel/site.ts';
import type { ReportedFinding } from '../../src/bot.ts';
import { allowHosts, anApp, databaseOfApps } from '../support/apps.ts';
import { authority, hasOpenssl, trust } from '../support/certificates.ts';
import { runCheck } from '../support/check.ts';
import { serveHttp, serveHttps } from '../support/http-server.ts';

const db = await databaseOfApps();

const check = (config = {}) => runCheck(sentinel, 'answers', db, config);

/** An app on a server of its own, whose address may be asked. */
async function serve(slug: string, listener: RequestListener) {
  const paths: string[] = [];
  const at = await serveHttp((asked, answer) => {
    paths.push(asked.url!);
    listener(asked, answer);
  });
  await allowHosts(db, at.host);
  await anApp(db, slug, at.url);
  return { ...at, paths };
}

const well: RequestListener = (_, answer) => answer.end('<html>Welcome to our shop</html>');

const short = ({ findings }: { findings: ReportedFinding[] }) =>
  findings.map(({ severity, component, title }) => [severity, component, title]);

/** The aspects of an app about which a result says nothing. */
const unknown = ({ examined }: { examined: unknown }, slug: string) =>
  (examined as { except: string[] }).except
    .filter((key) => key.startsWith(`${slug} `))
    .map((key) => key.slice(slug.length + 1));

describe('what is asked', () => {
  test('without any app nothing is found', async () => {
    expect(await check()).toEqual({
      examined: { count: 0, except: [] },
      findings: [],
      figures: [
        { name: 'apps', value: 0 },
        { name: 'apps asked', value: 0 },
        { name: 'active apps without an address', value: 0 },
      ],
    });
  });

  test('where no active app has an address, nothing is called well', async () => {
    await anApp(db, 'nowhere', null);
    await anApp(db, 'blank', ' ');
    await anApp(db, 'beta', null, { status: 'beta' });
    await expect(check()).rejects.toThrow(
      'none of 2 active apps in app_catalog has a deployment_url',
    );
  });

  test('active apps with an address, once each; the others are not examined', async () => {
    const { url, paths } = await serve('shop', well);
    await anApp(db, 'shop-again', `${url}/`);
    await anApp(db, 'nowhere', null);
    await anApp(db, 'blank', '  ');
    for (const status of ['beta', 'maintenance', 'deprecated', null] as const)
      await anApp(db, `not-${status}`, 'http://10.0.0.1/', { status });
    const result = await check();
    expect(result.findings).toEqual([]);
    expect(paths).toEqual(['/']);
    expect(result.examined).toMatchObject({ count: 2 });
    expect(unknown(result, 'nowhere')).toHaveLength(6);
    expect(unknown(result, 'not-maintenance')).toHaveLength(6);
    expect(unknown(result, 'shop')).toEqual([]);
    expect(result.figures).toMatchObject([
      { name: 'apps', value: 2 },
      { name: 'apps asked', value: 2 },
      { name: 'active apps without an address', value: 2 },
      { name: 'median time to answer', unit: 'ms' },
      { name: 'longest time to answer', unit: 'ms' },
    ]);
  });

  test('apps that share an address are each reported', async () => {
    const { url } = await serve('a', (_, answer) => answer.writeHead(500).end());
    await anApp(db, 'b', url);
    expect(short(await check())).toEqual([
      ['high', 'a', 'App a is down: it answered 500'],
      ['high', 'b', 'App b is down: it answered 500'],
    ]);
  });

  test.each([
    ['http://127.0.0.1:9/', /127\.0\.0\.1 is refused: it is not public \(loopback\)/],
    ['http://169.254.169.254/latest/meta-data', /not public/],
    ['http://[::1]:8080/', /\[::1\] is refused: it is not public/],
    ['http://localhost:8080/', /not public/],
    ['ftp://files.example.com/', /no http or https address/],
    ['shop.example.com', /no http or https address/],
    ['https://ann:secret@shop.example.com/', /holds a user or password/],
  ])('%s is not asked, and what to do is said', async (address, why) => {
    await anApp(db, 'shop', address);
    const result = await check();
    expect(result.findings).toMatchObject([
      {
        severity: 'medium',
        component: 'shop',
        title: expect.stringMatching(/^App shop cannot be asked: /),
        description: expect.stringContaining('http_hosts'),
        certain: true,
      },
    ]);
    expect(result.findings[0]!.title).toMatch(why);
    expect(unknown(result, 'shop')).toEqual(['answer', 'wall', 'redirect', 'latency', 'text']);
  });

  test('a private address is asked only on the port that http_hosts names', async () => {
    const { host, paths } = await serve('shop', well);
    for (const hosts of [[], ['127.0.0.1'], ['127.0.0.1:1'], ['*']]) {
      await allowHosts(db, ...hosts);
      expect((await check()).findings[0]!.title).toContain('cannot be asked');
    }
    expect(paths).toEqual([]);
    await allowHosts(db, host);
    expect((await check()).findings).toEqual([]);
  });

  test('settings that are no list allow nothing', async () => {
    await serve('shop', well);
    await sql`UPDATE engine.settings SET value = '{"all": true}' WHERE key = 'http_hosts'`.execute(
      db,
    );
    expect((await check()).findings[0]!.title).toContain('cannot be asked');
  });
});

describe('status', () => {
  const answering = (status: number, headers = {}) =>
    serve('shop', (_, answer) => answer.writeHead(status, headers).end('no'));

  test.each([200, 201, 204])('%d is well', async (status) => {
    await answering(status);
    expect((await check()).findings).toEqual([]);
  });

  test.each([304, 400, 401, 403, 404, 410, 500, 503, 504])('%d is down', async (status) => {
    await answering(status);
    const result = await check();
    expect(short(result)).toEqual([['high', 'shop', `App shop is down: it answered ${status}`]]);
    expect(unknown(result, 'shop')).toEqual(['latency', 'text']);
  });

  test('a status that the settings name is well, for this app only', async () => {
    await answering(404);
    expect((await check({ statuses: { shop: [404] } })).findings).toEqual([]);
    expect((await check({ statuses: { shop: [403] } })).findings).toHaveLength(1);
  });

  test('a server that hangs is down when its time is over', async () => {
    await serve('shop', () => {});
    expect(short(await check({ timeout_seconds: 0.3 }))).toMatchObject([
      [
        'high',
        'shop',
        expect.stringMatching(/^App shop is down: 127\.0\.0\.1:\d+: no answer within 0.3 s$/),
      ],
    ]);
  });

  test('a server that never ends its page is down, too', async () => {
    await serve('shop', (_, answer) => answer.writeHead(200).write('<html>'));
    expect(short(await check({ timeout_seconds: 0.3 }))[0]![2]).toContain('no answer within');
  });

  test('closed ports, unknown names and servers that speak another language are down', async () => {
    const { port, host } = await serveHttp(well);
    const garbage = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('SSH-2.0-OpenSSH_9.2\r\n\0\xff\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(garbage, 'listening');
    onTestFinished(() => void garbage.close());
    const talking = (garbage.address() as AddressInfo).port;
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const silent = (closed.address() as AddressInfo).port;
    await new Promise((resolve) => closed.close(resolve));
    await allowHosts(db, host, `127.0.0.1:${talking}`, `127.0.0.1:${silent}`);
    await anApp(db, 'closed', `http://127.0.0.1:${silent}/`);
    await anApp(db, 'garbage', `http://127.0.0.1:${talking}/`);
    await anApp(db, 'insecure', `https://127.0.0.1:${port}/`);
    await anApp(db, 'unknown', 'https://shop.invalid/');
    // `insecure` is not among the allowed hosts only by its scheme: the port is the same.
    const result = await check();
    expect(result.findings.map(({ severity, component }) => [severity, component])).toEqual([
      ['high', 'closed'],
      ['high', 'garbage'],
      ['high', 'insecure'],
      ['high', 'unknown'],
    ]);
    for (const { title } of result.findings) expect(title).toContain('is down: ');
    expect(result.findings[0]!.title).toContain('ECONNREFUSED');
  });
});

describe('latency', () => {
  const slow: RequestListener = (_, answer) => setTimeout(() => answer.end('late'), 300);
  test.each([
    [{ slow_ms: 60_000, very_slow_ms: 60_000 }, []],
    [{ slow_ms: 100, very_slow_ms: 60_000 }, ['medium']],
    [{ slow_ms: 100, very_slow_ms: 200 }, ['high']],
  ])('%j', async (config, severities) => {
    await serve('shop', slow);
    const { findings } = await check(config);
    expect(findings.map(({ severity }) => severity)).toEqual(severities);
    for (const { title } of findings)
      expect(title).toMatch(/^App shop is slow: it answered after \d+\.\d s$/);
  });

  test('2 s and 5 s are the limits unless set', () => {
    expect(sentinel.config.parse({})).toMatchObject({ slow_ms: 2_000, very_slow_ms: 5_000 });
  });
});

describe('the text of a page', () => {
  test('has to be there letter by letter, where the settings name one', async () => {
    await serve('shop', well);
    const found = async (expect: object) => short(await check({ expect }));
    expect(await found({ shop: 'Welcome to our shop' })).toEqual([]);
    expect(await found({ shop: 'welcome' })).toEqual([
      ['high', 'shop', 'App shop does not contain "welcome", which its page has to'],
    ]);
    expect(await found({ shop: 'W.lcome' })).toHaveLength(1);
    expect(await found({})).toEqual([]);
  });

  test('an app that is called as a property of every object has none', async () => {
    await serve('constructor', well);
    expect((await check({ expect: {}, statuses: {} })).findings).toEqual([]);
  });

  test('of a page without an end, the beginning is read', async () => {
    let ended = 0;
    await serve('shop', (_, answer) => {
      answer.on('close', () => (ended += 1));
      const more = () => {
        while (answer.write('all work and no play '.repeat(500)));
        answer.once('drain', more);
      };
      answer.write('<html>Welcome');
      more();
    });
    expect(short(await check({ expect: { shop: 'Welcome' } }))).toEqual([]);
    expect(short(await check({ expect: { shop: 'fun' } }))).toEqual([
      ['low', 'shop', 'App shop does not show "fun" in as much of its page as is read'],
    ]);
    await expect.poll(() => ended).toBe(2);
  });

  test('of a compressed page is not known', async () => {
    await serve('shop', (_, answer) =>
      answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('Welcome')),
    );
    expect((await check()).findings).toEqual([]);
    expect(short(await check({ expect: { shop: 'Welcome' } }))).toEqual([
      [
        'low',
        'shop',
        'App shop sends its page compressed although it was not asked to (gzip): whether it contains "Welcome" is not known',
      ],
    ]);
  });

  test('compressed in words that would fit a playbook is shown without them', async () => {
    await serve('shop', (_, answer) =>
      answer.writeHead(200, { 'content-encoding': 'is slow: ' }).end('?'),
    );
    const [finding] = (await check({ expect: { shop: 'Welcome' } })).findings;
    expect(finding!.title).not.toContain('is slow');
  });

  test('a setting that names no app of the catalogue is reported', async () => {
    await serve('shop', well);
    const { findings } = await check({ expect: { shp: 'Welcome' }, statuses: { old: [404] } });
    expect(findings).toMatchObject([
      {
        severity: 'low',
        component: 'app_catalog',
        title: 'Settings of this bot name 2 apps that the catalogue does not have',
        metadata: { slugs: ['old', 'shp'] },
      },
    ]);
  });
});

describe('redirects', () => {
  const to = (location: string | undefined, from = '/'): RequestListener =>
    function answerOnce(asked, answer) {
      if (asked.url !== from) return well(asked, answer);
      answer.writeHead(302, location === undefined ? {} : { location }).end();
    };

  test('within the site are followed', async () => {
    const { paths } = await serve('shop', to('/en/'));
    expect((await check()).findings).toEqual([]);
    expect(paths).toEqual(['/', '/en/']);
  });

  test.each(['defaultwebpage', 'movingpage', 'suspendedpage'])(
    'to the page %s.cgi of its host mean that the app is not there',
    async (page) => {
      await serve('shop', to(`/cgi-sys/${page}.cgi`));
      const result = await check();
      expect(short(result)).toEqual([
        ['high', 'shop', 'App shop is down: its host shows a page of its own in its place'],
      ]);
      expect(unknown(result, 'shop')).toEqual(['latency', 'text']);
    },
  );

  test.each([
    ['https://parked.example/', 'redirects to another site, parked.example'],
    ['//127.0.0.2/', 'redirects to another site, 127.0.0.2'],
    ['javascript:alert(1)', 'redirects to an address of javascript:'],
    ['https://', 'redirects to what is no address'],
  ])('to %s are not', async (location, why) => {
    const { paths } = await serve('shop', to(location));
    const result = await check();
    expect(short(result)).toEqual([['medium', 'shop', `App shop ${why}`]]);
    expect(unknown(result, 'shop')).toEqual(['answer', 'wall', 'latency', 'text']);
    expect(paths).toEqual(['/']);
  });

  test('to a login elsewhere are well where the settings name their status', async () => {
    await serve('shop', to('https://login.example/'));
    expect((await check({ statuses: { shop: [301] } })).findings).toHaveLength(1);
    const result = await check({ statuses: { shop: [302] } });
    expect(result.findings).toEqual([]);
    expect(unknown(result, 'shop')).toEqual(['text']);
  });

  test('in a circle come to an end', async () => {
    const { paths } = await serve('shop', (_, answer) =>
      answer.writeHead(301, { location: '/' }).end(),
    );
    expect(short(await check())).toEqual([
      ['medium', 'shop', 'App shop redirects more than 3 times'],
    ]);
    expect(paths).toHaveLength(4);
    await check({ max_redirects: 0 });
    expect(paths).toHaveLength(5);
  });

  test('to a port of the host that nobody allowed are not followed', async () => {
    const other = await serveHttp(() => {
      throw new Error('it was asked');
    });
    await serve('shop', to(other.url));
    expect(short(await check())).toMatchObject([
      ['medium', 'shop', expect.stringContaining('cannot be asked: 127.0.0.1 is refused')],
    ]);
    // Where a server sends us is no setting, and the next answer may send us elsewhere.
    expect((await check()).findings).toMatchObject([{ certain: false }]);
  });

  test('without a place are an answer that is not well', async () => {
    await serve('shop', to(undefined));
    expect(short(await check())).toEqual([['high', 'shop', 'App shop is down: it answered 302']]);
  });

  test.runIf(hasOpenssl)('from https to http are a finding, from http to https none', async () => {
    const { issue, ca } = authority();
    trust({ ca });
    const plain = await serveHttp(well);
    const secure = await serveHttps(to(plain.url, '/insecure'), issue('app', 'IP:127.0.0.1'));
    const upwards = await serveHttp(to(secure.url));
    await allowHosts(db, plain.host, secure.host, upwards.host);
    await anApp(db, 'downwards', `${secure.url}/insecure`);
    await anApp(db, 'upwards', upwards.url);
    expect(short(await check())).toEqual([
      ['medium', 'downwards', `App downwards redirects from https to http, at ${plain.host}`],
    ]);
  });

  test.runIf(hasOpenssl)('to a host without a good certificate are not lost', async () => {
    const { selfSigned } = authority();
    const secure = await serveHttps(well, selfSigned('app', 'IP:127.0.0.1'));
    const plain = await serveHttp(to(secure.url));
    await allowHosts(db, plain.host, secure.host);
    await anApp(db, 'behind', plain.url);
    await anApp(db, 'own', secure.url);
    expect(short(await check())).toEqual([]);
    const { findings } = await runCheck(sentinel, 'certificates', db, {});
    expect(findings).toMatchObject([
      {
        title: `Certificate of ${secure.host} is self-signed`,
        metadata: { apps: ['behind', 'own'] },
      },
    ]);
  });

  test.each([
    ['example.com', 'www.example.com', true],
    ['app.example.com', 'login.example.com', true],
    ['example.com', 'example.com.', true],
    ['EXAMPLE.com', 'example.com', true],
    ['example.com', 'example.net', false],
    ['example.com', 'evil-example.com', false],
    ['example.com', 'example.com.evil.net', false],
    ['shop.co.uk', 'other.co.uk', false],
    ['a.shop.co.uk', 'shop.co.uk', true],
    ['mine.vercel.app', 'yours.vercel.app', false],
    ['mine.vercel.app', 'a.mine.vercel.app', true],
    ['10.0.0.1', '10.1.0.1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['[::1]', '[::2]', false],
    ['localhost', 'localhost', true],
  ])('%s and %s are one site: %s', (from, other, same) => {
    expect(isSameSite(from, other)).toBe(same);
    expect(isSameSite(other, from)).toBe(same);
  });
});

describe('a wall against robots', () => {
  const blocked = /^App shop refuses automated requests: /;
  test.each([
    [403, { 'cf-mitigated': 'challenge' }, '<title>Just a moment...</title>'],
    [503, { server: 'cloudflare' }, '<script>window._cf_chl_opt={cvId:"3"}</script>'],
    [403, { server: 'cloudflare' }, '<div class="cf-error-details">Error 1020</div>'],
    [429, { 'x-vercel-mitigated': 'challenge' }, ''],
    [403, { 'x-vercel-mitigated': 'deny' }, ''],
    [403, { 'x-datadome': 'protected' }, ''],
    [403, { 'set-cookie': ['a=b', 'datadome=x; Path=/'] }, ''],
    [403, { server: 'AkamaiGHost' }, 'Access Denied'],
    [403, {}, 'Reference https://errors.edgesuite.net/18.2'],
    [403, { 'x-iinfo': '1-2-3' }, ''],
    [200, {}, '<iframe src="/_Incapsula_Resource?CWUDNSAI=1"></iframe>'],
    [202, { 'x-amzn-waf-action': 'challenge' }, ''],
    [403, { 'x-sucuri-block': '1' }, ''],
    [403, {}, '<script>window._pxAppId = "PX1"</script>'],
    [429, { 'retry-after': '60' }, ''],
    [429, {}, ''],
    [401, { 'www-authenticate': 'Basic realm="preview"' }, ''],
  ])('%d %j %s is blocked, and not down', async (status, headers, body) => {
    await serve('shop', (_, answer) =>
      answer.writeHead(status, headers as Record<string, string>).end(body),
    );
    const result = await check({ expect: { shop: 'Welcome' } });
    expect(result.findings).toMatchObject([
      { severity: 'low', component: 'shop', title: expect.stringMatching(blocked) },
    ]);
    expect(unknown(result, 'shop')).toEqual(['answer', 'latency', 'text']);
  });

  test.each([
    [503, { server: 'cloudflare', 'retry-after': '60' }, 'Service Unavailable'],
    [
      503,
      { server: 'cloudflare' },
      '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js">',
    ],
    [522, { server: 'cloudflare' }, '<div class="cf-error-details">Error 522</div>'],
    [500, { 'x-iinfo': '1-2-3' }, ''],
    [502, { server: 'AkamaiGHost' }, ''],
  ])('%d %j %s is down, although a wall stands before it', async (status, headers, body) => {
    await serve('shop', (_, answer) =>
      answer.writeHead(status, headers as Record<string, string>).end(body),
    );
    expect(short(await check())).toEqual([
      ['high', 'shop', `App shop is down: it answered ${status}`],
    ]);
  });

  test('a status that the settings name is no wall', async () => {
    await serve('shop', (_, answer) =>
      answer.writeHead(401, { 'www-authenticate': 'Basic' }).end(),
    );
    expect((await check({ statuses: { shop: [401] } })).findings).toEqual([]);
  });
});

describe('many apps', () => {
  test('are asked a few at a time, and reported in their order', async () => {
    let open = 0;
    let most = 0;
    const { url } = await serve('app-00', (_, answer) => {
      open += 1;
      most = Math.max(most, open);
      // Later ones answer sooner.
      setTimeout(
        () => {
          open -= 1;
          answer.writeHead(500).end();
        },
        60 - 3 * open,
      );
    });
    await db
      .insertInto('app_catalog')
      .values(
        Array.from({ length: 19 }, (_, n) => ({
          slug: `app-${String(n + 1).padStart(2, '0')}`,
          name: 'app',
          category: 'business',
          credit_cost: 1,
          deployment_url: `${url}/${n}`,
        })),
      )
      .execute();
    const { findings } = await check({ at_once: 3 });
    const named = findings.map(({ component }) => component);
    expect(named).toEqual(named.toSorted());
    expect(named).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });

  test('that are not asked in time are named, and nothing is said about them', async () => {
    const { url } = await serve('a', () => {});
    await anApp(db, 'b', `${url}/b`);
    await anApp(db, 'c', 'no address');
    const result = await check({ max_seconds: 1, at_once: 1, timeout_seconds: 60 });
    expect(short(result)).toEqual([
      ['medium', 'app_catalog', 'Not all apps were asked: 3 of 3 were left out'],
    ]);
    for (const slug of ['a', 'b', 'c']) expect(unknown(result, slug)).toHaveLength(6);
  });

  test('beyond the most that may be asked are named', async () => {
    const { url } = await serve('a', well);
    await anApp(db, 'b', `${url}/b`);
    const result = await check({ max_apps: 1 });
    expect(short(result)).toEqual([
      ['medium', 'app_catalog', 'Not all apps were asked: 1 of 2 were left out'],
    ]);
    expect(unknown(result, 'a')).toEqual([]);
    expect(unknown(result, 'b')).toHaveLength(6);
  });

  test('of more than 5,000 rows the rest is cut, so that nothing resolves', async () => {
    await sql`INSERT INTO app_catalog (slug, name, category, credit_cost)
      SELECT 'app-' || n, 'app', 'business', 1 FROM generate_series(1, 5001) n`.execute(db);
    expect((await check()).truncated).toBe(true);
  });

  test('a run that is stopped ends at once, and its progress was told', async () => {
    const stop = new AbortController();
    const { url } = await serve('a', well);
    await serve('b', () => stop.abort(new Error('cancelled')));
    await db
      .updateTable('app_catalog')
      .set({ deployment_url: url })
      .where('slug', '=', 'a')
      .execute();
    const { rows } = await sql<{ value: string[] }>`
      SELECT value FROM engine.settings WHERE key = 'http_hosts'`.execute(db);
    await allowHosts(db, ...rows[0]!.value, new URL(url).host);
    const told: [number, string | undefined][] = [];
    const run = sentinel.checks[0]!.run as (config: unknown, context: object) => Promise<unknown>;
    const checking = run(sentinel.config.parse({ at_once: 1 }), {
      db,
      now: new Date(),
      signal: stop.signal,
      progress: (share: number, sentence?: string) => told.push([share, sentence]),
    });
    await expect(checking).rejects.toThrow('cancelled');
    expect(told[0]).toEqual([0.5, '1 of 2 asked']);
  });
});

test('each kind of finding has advice, and only what a start can mend is warmed up', () => {
  const titles = {
    'App x is down: x.example.com: no answer within 10 s': [
      'app.warm-up',
      'app.maintenance',
      'app.down',
    ],
    'App x is down: it answered 503': ['app.warm-up', 'app.maintenance', 'app.down'],
    'App x is down: it answered 500': ['app.maintenance', 'app.down'],
    'App x is down: x.example.com: getaddrinfo ENOTFOUND': ['app.maintenance', 'app.down'],
    'App x is slow: it answered after 2.3 s': ['app.warm-up', 'app.slow'],
    'App x redirects to another site, y.example': ['app.redirect'],
    'App x does not contain "y", which its page has to': ['app.text-missing'],
    'App x refuses automated requests: it limits the rate of requests (429)': ['app.blocked'],
    'App x cannot be asked: 10.0.0.1 is refused: it is not public (private)': ['app.not-asked'],
    'GET /App x is down: it answered 503: 5 of 7 requests answered 5xx': [],
  };
  for (const [title, names] of Object.entries(titles)) {
    const matching = (sentinel.knowledge ?? []).filter(({ pattern }) =>
      RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
        .matcher([title, 'Why.', 'x'].join('\n'))
        .find(),
    );
    expect([title, matching.map(({ name }) => name)]).toEqual([title, names]);
  }
});
