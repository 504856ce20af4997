/** What a check sees outside counts only while this machine has a connection of its own. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Bot, CheckResult, EventResult } from '../../src/bot.ts';
import { connectivityUrl, writeSetting } from '../../src/data/settings/rows.ts';
import { botsInside } from '../../src/services/round/choose.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { serveHttp } from '../support/http-server.ts';
import { run } from '../support/runs.ts';

/** A bot with these checks, and the address that its engine asks. */
async function looking(
  address: unknown,
  checks: Record<string, () => Promise<CheckResult>>,
  rest: Partial<Bot> = { looksOutside: true },
) {
  const engine = await anEngine({ name: 'postgres' }, catalogue([aBot('watch', checks, rest)]));
  const { db } = engine;
  if (address !== null) await writeSetting(db, { key: connectivityUrl, value: address, by: 'ann' });
  return {
    db,
    async look(values: object = {}) {
      const { status, metadata, error_message } = await run(engine, 'watch', {
        max_attempts: 1,
        ...values,
      });
      const { checks = [] } = (metadata ?? {}) as {
        checks?: { name: string; status: string; reason?: string }[];
      };
      return { status, error_message, checks };
    },
    open: async () => {
      const rows = await db
        .selectFrom('bot_findings')
        .select(['affected_component as component', 'occurrences'])
        .where('resolved_at', 'is', null)
        .orderBy('affected_component')
        .execute();
      return rows;
    },
  };
}

/** A server that does this with each connection, and how many it has had. */
async function serveTcp(onConnection: (socket: Socket, count: number) => void) {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket, (count += 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => count };
}

/** The address of a port that refuses connections. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/`;
}

const isAway = async () => broken('shop');

test.each([200, 204, 302, 404, 500])('where it answers %i, a finding stands', async (status) => {
  let asked = 0;
  const { url } = await serveHttp((_, response) => {
    asked += 1;
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end();
  });
  const { look, open } = await looking(`${url}/`, { first: isAway, second: isAway });
  expect((await look()).checks.map((check) => check.status)).toEqual(['failed', 'failed']);
  expect(await open()).toHaveLength(2);
  expect(asked).toBe(1);
});

test('where it refuses connections, the check is skipped and says so; nothing is opened or resolved', async () => {
  const seen = { now: broken('shop', 'mail') };
  const { url } = await serveHttp((_, response) => response.end());
  const { db, look, open } = await looking(url, { away: async () => seen.now });
  await look();
  expect(await open()).toHaveLength(2);

  await writeSetting(db, { key: connectivityUrl, value: await closedPort(), by: 'ann' });
  seen.now = { examined: ['shop', 'mail', 'blog'], findings: broken('blog').findings };
  const { status, error_message, checks } = await look();
  expect([status, error_message]).toEqual([
    'failed',
    expect.stringMatching(/^every check was skipped: this machine could not reach/),
  ]);
  expect(checks).toEqual([
    expect.objectContaining({
      status: 'skipped',
      reason: expect.stringMatching(
        /^this machine could not reach the address of connectivity_url either \(127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      ),
    }),
  ]);
  expect(await open()).toEqual([
    { component: 'mail', occurrences: 1 },
    { component: 'shop', occurrences: 1 },
  ]);
});

test('a server that takes connections and says nothing is away', async () => {
  const { url } = await serveTcp(() => {});
  const { look, open } = await looking(url, { away: isAway });
  const [check] = (await look()).checks;
  expect(check).toMatchObject({
    status: 'skipped',
    reason: expect.stringContaining('no answer within 3 s'),
  });
  expect(await open()).toEqual([]);
}, 30_000);

test('it is asked twice at most, once a run, and only about what was found outside', async () => {
  const { url, connections } = await serveTcp((socket) => socket.destroy());
  const { look, open } = await looking(url, {
    first: isAway,
    well: async () => clean('shop'),
    second: isAway,
  });
  const states = (await look()).checks.map((check) => check.status);
  expect(states).toEqual(['skipped', 'passed', 'skipped']);
  expect([connections(), await open()]).toEqual([2, []]);
  await look();
  expect(connections()).toBe(4);
});

test('an answer to the second try is an answer', async () => {
  const { url, connections } = await serveTcp((socket, count) =>
    count === 1 ? socket.destroy() : socket.end('HTTP/1.1 204 No Content\r\n\r\n'),
  );
  const { look } = await looking(url, { away: isAway });
  expect((await look()).checks[0]!.status).toBe('failed');
  expect(connections()).toBe(2);
});

test('nothing is asked while all is well, nor for a bot that does not look outside', async () => {
  const { url, connections } = await serveTcp((socket) => socket.destroy());
  const well = await looking(url, { away: async () => clean('shop') });
  expect((await well.look()).checks[0]!.status).toBe('passed');
  const inside = await looking(url, { rows: isAway }, {});
  expect((await inside.look()).checks[0]!.status).toBe('failed');
  expect(connections()).toBe(0);
});

test('of a bot some of whose checks look outside, only these are skipped', async () => {
  const bot = aBot('watch', { rows: isAway, away: isAway });
  const checks = bot.checks.map((check) =>
    check.name === 'away' ? { ...check, looksOutside: true as const } : check,
  );
  const { look } = await looking(await closedPort(), {}, { checks });
  expect((await look()).checks.map((check) => check.status)).toEqual(['failed', 'skipped']);
});

test.each([[null], [''], ['example.com'], ['ftp://example.com/'], [7], [['https://a.test/']]])(
  'where %j is set, nothing is asked and the finding stands',
  async (address) => {
    const { look, open } = await looking(address, { away: isAway });
    expect((await look()).status).toBe('success');
    expect(await open()).toHaveLength(1);
  },
);

test('a check of events is skipped, too', async () => {
  const result: EventResult = {
    ...broken('shop'),
    tallies: [{ key: 'shop', bad: 3, of: 9, newestBadAt: new Date() }],
  };
  const answers = {
    name: 'answers',
    title: 'Does the shop answer?',
    events: true as const,
    windowSeconds: () => 3_600,
    run: async (_: unknown, { now }: { now: Date }) => ({
      ...result,
      tallies: [{ ...result.tallies[0]!, newestBadAt: now }],
    }),
  };
  const { look, open } = await looking(
    await closedPort(),
    {},
    { checks: [answers], looksOutside: true },
  );
  expect((await look()).checks.map((check) => check.status)).toEqual(['skipped']);
  expect(await open()).toEqual([]);
});

test('a run whose time is over while the address is asked records nothing of the check', async () => {
  const { url } = await serveTcp(() => {});
  const { look, open, db } = await looking(url, { away: isAway });
  await db.updateTable('bots').set({ timeout_seconds: 1 }).execute();
  expect(await look()).toMatchObject({ status: 'timeout', checks: [] });
  expect(await open()).toEqual([]);
});

test('where a process is offline, a check that looks outside is not even begun', async () => {
  let begun = 0;
  const away = async () => {
    begun += 1;
    return clean('shop');
  };
  const bot = aBot('watch', { rows: async () => clean('rows'), away });
  const checks = bot.checks.map((check) =>
    check.name === 'away' ? { ...check, looksOutside: true as const } : check,
  );
  const engine = await anEngine(
    { name: 'postgres' },
    catalogue([
      { ...bot, checks },
      aBot('outside', { away }, { looksOutside: true }),
      aBot('idle', { away }),
    ]),
  );
  const offline = { why: 'there is no network', except: ['bot:other'] };
  const { status, metadata } = await run({ ...engine, offline }, 'watch');
  expect([status, begun]).toEqual(['success', 0]);
  expect((metadata as { checks: unknown }).checks).toEqual([
    expect.objectContaining({ name: 'rows', status: 'passed' }),
    expect.objectContaining({ name: 'away', status: 'skipped', reason: 'there is no network' }),
  ]);
  const { api_endpoint: itself } = await engine.db
    .selectFrom('bots')
    .select('api_endpoint')
    .where('name', '=', 'watch')
    .executeTakeFirstOrThrow();
  await run({ ...engine, offline: { ...offline, except: [itself] } }, 'watch');
  expect(begun).toBe(1);
  await engine.db
    .updateTable('bots')
    .set({ status: 'paused' })
    .where('name', '=', 'idle')
    .execute();
  const { bots, outside, inactive } = await botsInside(engine.db, engine.catalogue);
  expect([bots.map(({ name }) => name), outside, inactive]).toEqual([
    ['watch'],
    ['outside'],
    ['idle'],
  ]);
});
