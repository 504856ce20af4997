import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { scout } from '../../bots/scout.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: IncomingMessage[] = [];
const server = createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});

beforeAll(async () => {
  ({ db } = await testDatabase());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  await db
    .insertInto('engine.settings')
    .values({ key: 'http_hosts', value: JSON.stringify([`127.0.0.1:${port}`]) })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((row) => ({ value: row.ref('excluded.value') })),
    )
    .execute();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  remembered = null;
});

const start = new Date('2026-03-01T12:00:00Z');
const hoursAfter = (hours: number) => new Date(start.getTime() + hours * 3_600_000);
let remembered: unknown = null;

/** A round of the scout, which remembers what the one before it wrote. */
async function round(hours: number, config: Record<string, unknown> = {}) {
  const result = await runCheck(
    scout,
    'feeds',
    db,
    { feeds: [`${origin}/feed.xml`], timeout_seconds: 5, ...config },
    { now: hoursAfter(hours), remembered },
  );
  if (result.remember !== undefined) remembered = JSON.parse(JSON.stringify(result.remember));
  return result;
}
const titles = async (...args: Parameters<typeof round>) =>
  (await round(...args)).findings.map(({ title }) => title);

interface Item {
  id?: string;
  title?: string;
  date?: Date;
}
const rss = (items: Item[], before = '') =>
  `<?xml version="1.0"?>${before}<rss version="2.0"><channel><title>T</title>${items
    .map(
      ({ id, title = 'News', date }) =>
        `<item><title>${title}</title><link>https://news.test/${id}</link>${id ? `<guid>${id}</guid>` : ''}${
          date ? `<pubDate>${date.toUTCString()}</pubDate>` : ''
        }</item>`,
    )
    .join('')}</channel></rss>`;
const serve = (body: string, headers: Record<string, string> = {}, status = 200) => {
  answer = (_, response) => response.writeHead(status, headers).end(body);
};
const name = () => `${new URL(origin).host}/feed.xml`;

describe('new entries', () => {
  test('are those that were not there before; at first sight nothing is new', async () => {
    serve(rss([{ id: 'a' }, { id: 'b' }]));
    expect(await round(0)).toMatchObject({
      findings: [],
      examined: { count: 1, except: [] },
      figures: [
        { name: 'feeds', value: 1 },
        { name: 'feeds that could not be read', value: 0 },
      ],
    });
    serve(rss([{ id: 'c', title: 'Third' }, { id: 'a' }, { id: 'b' }]));
    expect((await round(6)).findings).toMatchObject([
      {
        severity: 'info',
        title: `Feed ${name()} has 1 new entry`,
        component: name(),
        metadata: {
          new_entries: 1,
          entries: [{ title: 'Third', link: 'https://news.test/c', published: null }],
        },
      },
    ]);
    expect(await titles(12)).toEqual([]);
  });

  test('are not those whose ids are written with https in place of http, or the other way', async () => {
    const ids = (scheme: string) => [{ id: `${scheme}://news.test/1` }, { id: 'urn:b' }];
    serve(rss(ids('http')));
    await round(0);
    serve(rss(ids('https')));
    expect(await titles(6)).toEqual([]);
    serve(rss([{ id: 'https://news.test/2' }, ...ids('https')]));
    expect(await titles(12)).toEqual([`Feed ${name()} has 1 new entry`]);
    serve(rss([{ id: 'http://news.test/2' }, ...ids('http')]));
    expect(await titles(18)).toEqual([]);
  });

  test('are asked for only where the feed has changed', async () => {
    serve(rss([{ id: 'a' }]), { etag: 'W/"1"', 'last-modified': 'Sun, 01 Mar 2026 00:00:00 GMT' });
    await round(0);
    answer = (_, response) => response.writeHead(304).end();
    expect(await titles(6)).toEqual([]);
    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, 'W/"1"']);
    expect(asked[1]!.headers['if-modified-since']).toBe('Sun, 01 Mar 2026 00:00:00 GMT');
    serve(rss([{ id: 'b' }, { id: 'a' }]));
    expect(await titles(12)).toEqual([`Feed ${name()} has 1 new entry`]);
  });

  test('are found also where a server says for ever that nothing has changed', async () => {
    const modified = 'Sat, 16 Nov 2041 19:11:00 GMT';
    let items = [{ id: 'a' }];
    answer = ({ headers }, response) =>
      headers['if-modified-since'] === modified
        ? response.writeHead(304).end()
        : response.writeHead(200, { 'last-modified': modified }).end(rss(items));
    await round(0);
    items = [{ id: 'b' }, ...items];
    for (const hours of [6, 12, 18]) expect(await titles(hours)).toEqual([]);
    expect(await titles(24)).toEqual([`Feed ${name()} has 1 new entry`]);
    expect(await titles(30)).toEqual([]);
    expect(asked.at(-1)!.headers['if-modified-since']).toBe(modified);
  });

  test.each([
    [
      'Atom',
      (ids: string[]) =>
        `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>u</id>${ids.map((id) => `<entry><id>${id}</id><title type="html">&lt;b&gt;x</title><updated>2026-03-01T00:00:00Z</updated><link rel="self" href="https://n.test/self"/><link href="https://n.test/${id}"/></entry>`).join('')}</feed>`,
    ],
    [
      'RDF',
      (ids: string[]) =>
        `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>r</title><link>l</link><description>d</description></channel>${ids.map((id) => `<item rdf:about="${id}"><title>x</title><link>https://n.test/${id}</link></item>`).join('')}</rdf:RDF>`,
    ],
    [
      'JSON Feed',
      (ids: string[]) =>
        JSON.stringify({
          version: 'https://jsonfeed.org/version/1.1',
          title: 't',
          items: ids.map((id) => ({ id, title: 'x', url: `https://n.test/${id}` })),
        }),
    ],
  ])('are found in %s, too', async (_, write) => {
    serve(write(['a']));
    await round(0);
    serve(write(['b', 'a']));
    expect((await round(6)).findings).toMatchObject([
      { metadata: { entries: [{ link: 'https://n.test/b' }] } },
    ]);
  });

  test('are none where old ones are published again, or every entry got another id', async () => {
    const dated = (id: string, hours: number) => ({ id, date: hoursAfter(hours) });
    serve(rss([dated('a', -2), dated('b', -3)]));
    await round(0);
    serve(rss([dated('old', -24 * 31), dated('a', -2), dated('b', -3)]));
    expect(await titles(6)).toEqual([]);
    serve(rss([dated('x', -2), dated('y', -3)]));
    expect(await titles(12)).toEqual([]);
    // A busy feed: all that it shows was written since.
    serve(rss([dated('p', 17), dated('q', 14)]));
    expect(await titles(18)).toEqual([`Feed ${name()} has 2 new entries`]);
    serve(rss([{ id: 'undated-1' }, { id: 'undated-2' }]));
    expect(await titles(24)).toEqual([]);
  });

  test('of a long feed without dates are found at either end of it', async () => {
    const items = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ id: `e${from + i}` }));
    serve(rss(items(0, 300)));
    expect(await titles(0)).toEqual([]);
    serve(rss(items(0, 303)));
    const { findings } = await round(6);
    expect(findings).toMatchObject([{ title: `Feed ${name()} has 3 new entries` }]);
    expect(findings[0]!.metadata!['entries']).toMatchObject([
      { link: 'https://news.test/e300' },
      { link: 'https://news.test/e301' },
      { link: 'https://news.test/e302' },
    ]);
    expect(await titles(12)).toEqual([]);
    // A fixed length: with each new entry the oldest one leaves, and none of the others is new.
    serve(rss(items(10, 313)));
    expect(await titles(18)).toEqual([`Feed ${name()} has 10 new entries`]);
  });

  test('of a long feed without dates are none where older ones come into sight at its end', async () => {
    const items = (newest: number) =>
      Array.from({ length: 300 }, (_, i) => ({ id: `e${newest - i}` }));
    serve(rss(items(1_000)));
    expect(await titles(0)).toEqual([]);
    serve(rss(items(1_010)));
    expect(await titles(6)).toEqual([`Feed ${name()} has 10 new entries`]);
    serve(rss([...items(1_010), { id: 'older' }].slice(0, 290)));
    expect(await titles(12)).toEqual([]);
    // More than are looked at at this end.
    serve(rss(items(1_080)));
    expect(await titles(18)).toEqual([`Feed ${name()} has 70 new entries`]);
  });

  test('an entry without an id is its address, and one without both its title', async () => {
    const items = (titles: string[]) =>
      `<rss version="2.0"><channel><title>T</title>${titles.map((title) => `<item><title>${title}</title></item>`).join('')}</channel></rss>`;
    serve(items(['one', 'two']));
    await round(0);
    serve(items(['three', 'one', 'two']));
    expect(await titles(6)).toHaveLength(1);
  });

  test('are told in their own words, also where the feed is not written in UTF-8', async () => {
    serve(rss([{ id: 'a' }]));
    await round(0);
    const latin = rss([{ id: 'b', title: 'Größe' }, { id: 'a' }]).replace(
      '?>',
      ' encoding="ISO-8859-1"?>',
    );
    answer = (_, response) => response.end(Buffer.from(latin, 'latin1'));
    expect((await round(6)).findings).toMatchObject([
      { metadata: { entries: [{ title: 'Größe' }] } },
    ]);
  });

  test('are found where every entry has the same id, too', async () => {
    const same = (numbers: number[]) =>
      `<rss version="2.0"><channel><title>T</title>${numbers.map((n) => `<item><title>News ${n}</title><link>https://news.test/${n}</link><guid>news</guid></item>`).join('')}</channel></rss>`;
    serve(same([1, 2]));
    await round(0);
    serve(same([3, 1, 2]));
    expect((await round(6)).findings).toMatchObject([
      { metadata: { new_entries: 1, entries: [{ link: 'https://news.test/3' }] } },
    ]);
    expect(await titles(12)).toEqual([]);
  });

  test('their texts stand in the metadata alone, cut', async () => {
    serve(rss([{ id: 'a' }]));
    await round(0);
    const hostile = `Cached credits differ from the ledger \u001b[2J ${'x'.repeat(1_000)}`;
    serve(rss([{ id: 'b', title: `<![CDATA[${hostile.replace('\u001b', '')}]]>` }, { id: 'a' }]));
    const [finding] = (await round(6)).findings;
    const { title, description, component, metadata } = finding!;
    expect([title, description, component].join(' ')).not.toContain('credits');
    const [entry] = metadata!.entries as { title: string }[];
    expect(entry!.title).toMatch(/^Cached credits/);
    expect(entry!.title).toHaveLength(300);
  });
});

describe('a feed that cannot be read', () => {
  const unreadable = async (config = {}) => {
    const broken = answer;
    serve(rss([{ id: 'a' }]));
    await round(-6, { ...config, timeout_seconds: 5 });
    answer = broken;
    const first = await round(0, config);
    expect(first.findings).toEqual([]);
    expect(first.examined).toMatchObject({
      except: [expect.stringMatching(/new$/), expect.stringMatching(/quiet$/)],
    });
    const { findings } = await round(6, config);
    expect(findings).toMatchObject([
      { severity: 'low', title: `Feed ${name()} cannot be read`, metadata: { failures_in_row: 2 } },
    ]);
    return findings[0]!.description;
  };

  test.each([
    ['an error', () => serve('', {}, 503), 'it answers 503'],
    [
      'a redirect',
      () => serve('', { location: 'https://x.test' }, 301),
      'it answers 301: it has moved',
    ],
    [
      'a page',
      () => serve('<!doctype html><html><body>Sign in</body></html>'),
      'it is no RSS, Atom, RDF or JSON Feed',
    ],
    [
      'JSON of something else',
      () => serve('{"error": "no"}'),
      'it is no RSS, Atom, RDF or JSON Feed',
    ],
    [
      'half of a feed',
      () => serve('<rss version="2.0"><channel><title>T</title><item><title>half'),
      'it is no well-formed feed',
    ],
    ['nothing', () => serve(''), 'it is no RSS, Atom, RDF or JSON Feed'],
  ])('answers %s: a finding the second time', async (_, given, why) => {
    given();
    expect(await unreadable()).toBe(why);
  });

  test('comes compressed although it was not asked to: that is said, and not that it is no feed', async () => {
    answer = (request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(rss([{ id: 'a' }])));
    };
    expect((await round(0)).findings).toMatchObject([
      {
        title: `Feed ${name()} cannot be read`,
        description: 'its server sends it compressed although it was not asked to (gzip)',
      },
    ]);
  });

  test('is too long, or does not end its answer', async () => {
    serve(rss([{ id: 'a', title: 'x'.repeat(3_000) }]));
    expect(await unreadable({ max_kilobytes: 1 })).toContain('is longer than 1024 bytes');
    remembered = null;
    answer = (_, response) => response.writeHead(200).write('<rss');
    expect(await unreadable({ timeout_seconds: 0.3 })).toContain('no answer within 0.3 s');
  });

  test('is well again after one good answer', async () => {
    serve('', {}, 500);
    expect(await titles(0)).toHaveLength(1);
    serve(rss([{ id: 'a' }]));
    expect(await round(6)).toMatchObject({ findings: [], examined: { except: [] } });
    serve('', {}, 500);
    expect(await titles(12)).toEqual([]);
    expect(await titles(18, { failures_in_row: 1 })).toHaveLength(1);
  });

  test('lies at an address that is not public and that no setting names', async () => {
    answer = (_, response) => response.end();
    const feeds = [`http://127.0.0.1:1/feed`];
    const { findings } = await round(0, { feeds });
    expect(findings).toMatchObject([
      {
        severity: 'medium',
        title: 'Feed 127.0.0.1:1/feed is not read: its address is refused',
        description:
          '127.0.0.1 is refused: it is not public (loopback). If it is the right one, allow it: ' +
          '`npx roundsman settings http_hosts --add 127.0.0.1:1`.',
      },
    ]);
    expect(await titles(6, { feeds: ['https://127.0.0.1/feed'] })).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  test('was never read: that is told, with the reason, by the first run', async () => {
    serve('', {}, 404);
    const { findings } = await round(0);
    expect(findings).toMatchObject([
      { severity: 'low', title: `Feed ${name()} cannot be read`, description: 'it answers 404' },
    ]);
    serve(rss([{ id: 'a' }]));
    expect(await titles(6)).toEqual([]);
  });
});

describe('XML that is made to do harm', () => {
  const lol = Array.from(
    { length: 9 },
    (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
  ).join('');

  test('expands no entities', async () => {
    serve(rss([{ id: 'a' }]));
    await round(0);
    serve(
      rss([{ id: 'b', title: '&l9;' }, { id: 'a' }], `<!DOCTYPE x [<!ENTITY l0 "lol">${lol}]>`),
    );
    const { findings } = await round(6);
    expect(JSON.stringify(findings)).not.toContain('lollol');
    expect(findings).toMatchObject([{ metadata: { entries: [{ title: '&l9;' }] } }]);
  });

  test.each([
    ['an entity', `<!DOCTYPE x [<!ENTITY e SYSTEM "URL">]>`],
    ['a parameter entity', `<!DOCTYPE x [<!ENTITY % e SYSTEM "URL"> %e;]>`],
    ['a definition', `<!DOCTYPE x SYSTEM "URL">`],
  ])('asks nobody for %s outside', async (_, before) => {
    for (const url of [`${origin}/secret`, 'file:///etc/passwd']) {
      remembered = null;
      serve(rss([{ id: 'a', title: '&e;' }], before.replace('URL', url)));
      await round(0);
      serve(rss([{ id: 'b', title: '&e;' }, { id: 'a' }], before.replace('URL', url)));
      expect(JSON.stringify(await round(6))).not.toContain('root:');
    }
    expect(asked.map(({ url }) => url)).not.toContain('/secret');
  });

  test('does not reach the prototypes of objects', async () => {
    serve(
      `{"version": "https://jsonfeed.org/version/1.1", "title": "t", "__proto__": {"harmed": 1},
        "items": [{"id": "__proto__", "title": "x", "__proto__": {"harmed": 1}}]}`,
    );
    await round(0);
    await round(6);
    expect(({} as Record<string, unknown>).harmed).toBeUndefined();
  });
});

test('a feed is quiet when its newest entry is too old, and no more after a new one', async () => {
  serve(rss([{ id: 'a', date: hoursAfter(-24 * 179) }]));
  expect(await titles(0)).toEqual([]);
  expect(await titles(25)).toEqual([`Feed ${name()} has had no new entry for 180 days`]);
  expect(await titles(26, { quiet_days: 181 })).toEqual([]);
  serve(rss([{ id: 'b' }, { id: 'a', date: hoursAfter(-24 * 179) }]));
  expect(await titles(30)).toEqual([`Feed ${name()} has 1 new entry`]);
  expect(await titles(36)).toEqual([]);
});

test('a feed without entries or dates is quiet from when it was first read', async () => {
  serve('<rss version="2.0"><channel><title>T</title></channel></rss>');
  expect(await titles(0)).toEqual([]);
  expect(await titles(24 * 179)).toEqual([]);
  expect(await titles(24 * 180)).toHaveLength(1);
});

test('what is remembered of twenty long feeds fits into a memory, and knows their entries again', async () => {
  const feeds = Array.from({ length: 20 }, (_, i) => `${origin}/feed-${i}`);
  const items = (from: number) => Array.from({ length: 500 }, (_, i) => ({ id: `${from + i}` }));
  const etag = `"${'"'.repeat(98)}"`;
  serve(rss(items(5)), { etag, 'last-modified': 'x'.repeat(40) });
  await round(0, { feeds });
  serve(rss(items(3)), { etag, 'last-modified': 'x'.repeat(40) });
  const { findings, remember } = await round(6, { feeds });
  expect(JSON.stringify(remember).length).toBeLessThanOrEqual(16_384);
  expect(findings.map(({ metadata }) => metadata!.new_entries)).toEqual(feeds.map(() => 2));
  expect(await titles(12, { feeds })).toEqual([]);
});

test('what a broken memory says is forgotten', async () => {
  serve(rss([{ id: 'a' }]));
  remembered = { x: 1, y: ['z'] };
  expect(await titles(0)).toEqual([]);
});

test('a token in an address is shown nowhere', async () => {
  serve('', {}, 500);
  const feeds = [`${origin}/feed.xml?token=s3cr3t`];
  await round(0, { feeds });
  const result = await round(6, { feeds });
  expect(result.findings).toHaveLength(1);
  expect(JSON.stringify(result)).not.toContain('s3cr3t');
});

test('is skipped without feeds, and refuses addresses that cannot be asked', async () => {
  await expect(round(0, { feeds: [] })).rejects.toThrow(SkippedCheck);
  for (const bad of [
    ['ftp://x.test/'],
    ['feed'],
    ['https://u:p@x.test/'],
    ['https://x.test/', 'https://x.test/'],
  ])
    expect(scout.config.safeParse({ feeds: bad }).success).toBe(false);
  expect(bots).toContain(scout);
});

test('a text that the parser would never be done with hides no other feed', async () => {
  answer = ({ url }, response) =>
    response.end(
      url === '/endless.xml'
        ? `<rss version="2.0"><channel><item><title>${'<'.repeat(900_000)}`
        : rss([{ id: '1', date: start }]),
    );
  const feeds = [`${origin}/endless.xml`, `${origin}/feed.xml`];
  const { findings, figures } = await round(0, { feeds, failures_in_row: 1 });
  expect(findings).toMatchObject([
    { description: 'it cannot be parsed within 5 s', key: expect.stringContaining('endless') },
  ]);
  expect(figures).toContainEqual({ name: 'feeds that could not be read', value: 1 });
});
