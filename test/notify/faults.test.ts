/** What receivers, databases and people do to messages. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { everythingIn } from '../heal/secret-scene.ts';
import { movableClock } from '../support/clocks.ts';
import { receiver, scene } from './scene.ts';
import {
  happen,
  hurry,
  messages,
  openTickets,
  resolve,
  setNotifications,
  toldOps,
} from './tickets.ts';
import { key } from './webhook-key.ts';

const critical = { severity: 'critical' };

async function failing(answer: Parameters<typeof receiver>[0]) {
  const own = await scene();
  const there = await receiver(answer);
  await setNotifications(own.db, toldOps(there.host));
  await openTickets(own.db, 1, critical);
  await own.route();
  return { ...own, ...there, database: own.url };
}

const inSeconds = (at: Date) => (at.getTime() - Date.now()) / 1_000;

test.each([
  ['an error of the server', 500, 5, 'it answered 500'],
  ['a refusal', 400, 5, 'it answered 400'],
  ['a redirect, which is not followed', 302, 5, 'redirects are not followed'],
])('%s is tried again later', async (_, status, seconds, why) => {
  const { db, deliver, received } = await failing((_, response) => {
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end();
  });
  expect(await deliver()).toMatchObject({ status: 'success', figures: { sent: 0, unsent: 1 } });
  expect(received).toHaveLength(1);
  const [row] = await messages(db);
  expect(row).toMatchObject({ status: 'pending', attempts: 1, repeats: 0, sending_since: null });
  expect(row!.error_message).toContain(why);
  expect(inSeconds(row!.send_after)).toBeGreaterThan(seconds - 4);
  expect(inSeconds(row!.send_after)).toBeLessThan(seconds + 1);
});

test('the tries end after some 17 hours, and the message has failed then', async () => {
  const { db, deliver, received } = await failing(
    (_, response) => void response.writeHead(500).end(),
  );
  const waits: number[] = [];
  for (let tries = 0; tries < 7; tries += 1) {
    await hurry(db);
    await deliver();
    const [row] = await messages(db);
    if (row!.status === 'pending') waits.push(Math.round(inSeconds(row!.send_after) / 10) * 10);
  }
  expect(waits.slice(1)).toEqual([300, 1_800, 7_200, 18_000, 36_000]);
  expect(received).toHaveLength(7);
  expect(await messages(db)).toMatchObject([
    { status: 'failed', attempts: 7, reason: 'no try is left', error_message: 'it answered 500' },
  ]);
});

test('a receiver that asks to wait is left alone for so long, an hour at most', async () => {
  let after = '120';
  const { db, route, deliver, received } = await failing((_, response) => {
    response.writeHead(429, { 'retry-after': after }).end();
  });
  await deliver();
  const [first] = await messages(db);
  expect(inSeconds(first!.send_after)).toBeGreaterThan(115);
  expect(inSeconds(first!.send_after)).toBeLessThan(121);
  await openTickets(db, 1, critical);
  await route();
  await deliver();
  expect(received, 'another message waits as well').toHaveLength(1);
  await openTickets(db, 1, critical);
  await route();
  await sql`UPDATE engine.channels SET wait_until = engine.now()`.execute(db);
  after = '999999';
  await hurry(db);
  await deliver();
  expect(received, 'of three that were due at once').toHaveLength(2);
  const waits = (await messages(db)).map((row) => inSeconds(row.send_after));
  expect(Math.max(...waits)).toBeLessThan(3_601);
  expect(Math.max(...waits)).toBeGreaterThan(3_500);
});

test.each(['-1', '0', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
  'a receiver that asks to wait for no time (%s) is tried as often as any other',
  async (after) => {
    const { db, deliver } = await failing((_, response) => {
      response.writeHead(429, { 'retry-after': after }).end();
    });
    await deliver();
    await hurry(db);
    await deliver();
    const [row] = await messages(db);
    expect(row).toMatchObject({ status: 'pending', attempts: 2, tries: 2 });
    expect(inSeconds(row!.send_after)).toBeGreaterThan(250);
  },
);

test('an answer that never ends, and a connection that is cut, are tried again', async () => {
  const { db, deliver } = await failing((_, response) => void response.destroy());
  await deliver();
  expect((await messages(db))[0]).toMatchObject({ status: 'pending', attempts: 1 });
  const slow = await failing(async (_, response) => {
    response.writeHead(200);
    for (let at = 0; at < 400 && !response.destroyed; at += 1) {
      response.write('.');
      await sleep(50);
    }
  });
  const from = performance.now();
  await slow.deliver();
  expect(performance.now() - from).toBeLessThan(25_000);
  expect((await messages(slow.db))[0]!.error_message).toContain('15 s');
}, 60_000);

test('410 switches the channel off with a ticket, what is for it waits, and a person switches it on', async () => {
  let gone = true;
  const { db, route, deliver, received } = await failing((_, response) => {
    response.writeHead(gone ? 410 : 204).end();
  });
  await deliver();
  const [channel] = await db.selectFrom('engine.channels').selectAll().execute();
  expect(channel).toMatchObject({ name: 'ops', off_since: expect.any(Date) });
  const ticket = await db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('id', '=', channel!.ticket_id!)
    .executeTakeFirstOrThrow();
  expect(ticket).toMatchObject({ status: 'open', severity: 'high' });
  expect(ticket.title).toContain('ops is off');
  await openTickets(db, 1, critical);
  await route();
  await hurry(db);
  await deliver();
  expect(received).toHaveLength(1);
  gone = false;
  const { retry } = await import('../../src/services/notify/retry.ts');
  const actor = { name: 'ann', role: 'operator' } as const;
  expect(await retry({ db, actor }, { given: 'ops' })).toMatchObject({
    channel: 'ops',
    switched_on: true,
  });
  await deliver();
  expect((await messages(db)).map(({ status }) => status)).not.toContain('pending');
  const after = await db
    .selectFrom('bot_tickets')
    .select('status')
    .where('id', '=', ticket.id)
    .executeTakeFirstOrThrow();
  expect(after.status).toBe('resolved');
});

test('two workers at once send each message once, in the order of its ticket', async () => {
  const { db, route, deliver, engineAs } = await scene();
  const { host, received } = await receiver(() => sleep(5));
  await setNotifications(db, toldOps(host));
  const [ticket] = await openTickets(db, 1, critical);
  for (let at = 0; at < 12; at += 1)
    await happen(db, ticket!.id, 'commented', 'ann', { text: `${at}` });
  await route();
  const others = ['a', 'b', 'c'].map(engineAs);
  await Promise.all(others.map((engine) => deliver(engine).catch(() => {})));
  while ((await messages(db)).some(({ status }) => status === 'pending')) await deliver();
  expect(new Set(received.map(({ id }) => id)).size).toBe(13);
  expect(received).toHaveLength(13);
  expect(received.slice(1).map(({ data }) => data.events[0].sentence)).toEqual(
    Array.from({ length: 12 }, (_, at) => `ann commented: ${at}`),
  );
});

test('a secret stands in no row and no line, also where the receiver repeats it', async () => {
  const { db, deliver, lines } = await failing((_, response) => {
    response.statusMessage = key;
    response.writeHead(400, { 'x-key': key }).end(key);
  });
  await deliver();
  expect(await everythingIn(db)).not.toContain(key);
  expect(lines.join('\n')).not.toContain(key);
  expect(lines.join('\n')).toContain('it answered 400');
});

test('what was over before it was told is not told, unless it was critical or high', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const [low] = await openTickets(db, 1, { severity: 'low' });
  const [high] = await openTickets(db, 1, { severity: 'high' });
  await resolve(db, low!.id, high!.id);
  await route();
  await hurry(db);
  await deliver();
  expect(received.map(({ data }) => data.ticket.number)).toEqual([high!.number]);
  expect((await messages(db)).find(({ ticket_id }) => ticket_id === low!.id)).toMatchObject({
    status: 'superseded',
    reason: 'the ticket was over before it was told of',
  });
});

test('a channel that a statement took out of the settings leaves no message that needs a person', async () => {
  const { db, deliver, received } = await failing(() => {});
  await setNotifications(db, { channels: {}, routes: [] });
  await deliver();
  expect(received).toEqual([]);
  expect(await messages(db)).toMatchObject([
    { status: 'superseded', reason: 'the settings have no such channel any more' },
  ]);
});

test('a sending whose end was not recorded is repeated, and the repeat says so', async () => {
  const { db, deliver, received, heard } = await failing(() => {});
  await sql`UPDATE bot_notifications SET sending_since = engine.now(), attempts = 1, tries = 1`.execute(
    db,
  );
  expect(await deliver()).toMatchObject({ figures: { sent: 1, repeats: 1 } });
  expect(received[0]!.data.repeats).toBe(1);
  expect(await messages(db)).toMatchObject([{ status: 'sent', attempts: 2, repeats: 1 }]);
  expect(heard.filter(({ name }) => name === 'message.repeated')).toHaveLength(1);
});

test('connections that are cut while a message is sent cost no repeat', async () => {
  const other = await scene();
  const cut = { url: '' };
  const { db, database, deliver, received } = await failing(async () => {
    await other.db.transaction().execute((trx) =>
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = ${new URL(cut.url).pathname.slice(1)}`.execute(trx),
    );
  });
  cut.url = database;
  expect(await deliver()).toMatchObject({ status: 'success', figures: { sent: 1 } });
  expect(received).toHaveLength(1);
  expect(await messages(db)).toMatchObject([{ status: 'sent', attempts: 1, repeats: 0 }]);
});

test('a clock that is set back keeps no message waiting', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const move = await movableClock(db);
  await openTickets(db, 1, critical);
  await route();
  await move(-7_200);
  await deliver();
  expect(received).toHaveLength(1);
  await openTickets(db, 1, { severity: 'low' });
  await route();
  await move(7_200);
  await deliver();
  expect(received).toHaveLength(2);
});

test.each([
  ['a connection that is cut', (response: ServerResponse) => void response.destroy()],
  ['502 of a proxy', (response: ServerResponse) => void response.writeHead(502).end()],
  ['504 of a proxy', (response: ServerResponse) => void response.writeHead(504).end()],
])(
  'after %s the receiver may have it, and the next try says that it is a repeat',
  async (_, end) => {
    let isLost = true;
    const { db, deliver, received, heard } = await failing((_, response) => {
      if (isLost) end(response);
    });
    await deliver();
    expect(await messages(db)).toMatchObject([{ status: 'pending', attempts: 1, repeats: 1 }]);
    isLost = false;
    await hurry(db);
    expect(await deliver()).toMatchObject({ figures: { sent: 1, repeats: 1 } });
    expect(received.map(({ data }) => data.repeats)).toEqual([0, 1]);
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
    expect(heard.filter(({ name }) => name === 'message.repeated')).toHaveLength(1);
  },
);

test.each([
  ['it says that it has not taken it', 500],
  ['it asks to wait', 429],
  ['it asks to wait', 503],
])('where %s (%i) no try is a repeat', async (_, status) => {
  const { db, deliver, received } = await failing(
    (_, response) => void response.writeHead(status).end(),
  );
  await deliver();
  await hurry(db);
  await deliver();
  expect(received.map(({ data }) => data.repeats)).toEqual([0, 0]);
  expect(await messages(db)).toMatchObject([{ attempts: 2, repeats: 0 }]);
});

test('where none listens no try is a repeat', async () => {
  const { db, route, deliver } = await scene();
  await setNotifications(db, toldOps('127.0.0.1:1'));
  await openTickets(db, 1, critical);
  await route();
  await deliver();
  expect(await messages(db), 'what failed is said once').toMatchObject([
    {
      status: 'pending',
      attempts: 1,
      repeats: 0,
      error_message: '127.0.0.1:1: connect ECONNREFUSED',
    },
  ]);
});

test('who may have been told that a problem began is told that it ended', async () => {
  let isLost = true;
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver((_, response) => {
    if (isLost) response.destroy();
  });
  await setNotifications(db, toldOps(host));
  const [low] = await openTickets(db, 1, { severity: 'low' });
  await route();
  await hurry(db);
  await deliver();
  isLost = false;
  await resolve(db, low!.id);
  await route();
  await hurry(db);
  await deliver();
  expect(received.map(({ data }) => data.ticket.status)).toEqual(['open', 'resolved']);
});

/** Each attempt is one, whatever the receiver asked for. */
async function attempt(
  { db, deliver }: Pick<Awaited<ReturnType<typeof scene>>, 'db' | 'deliver'>,
  times = 1,
) {
  for (let at = 0; at < times; at += 1) {
    await sql`UPDATE engine.channels SET wait_until = NULL`.execute(db);
    await hurry(db);
    await deliver();
  }
}

test.each([429, 503])(
  'a receiver that asks for short waits (%i) for hours loses no message by that',
  async (status) => {
    let answer: [number, OutgoingHttpHeaders] = [status, { 'retry-after': '1' }];
    const own = await failing((_, response) => void response.writeHead(...answer).end());
    const { db } = own;
    await attempt(own, 12);
    expect(await messages(db)).toMatchObject([{ status: 'pending', attempts: 12 }]);
    answer = [500, {}];
    await attempt(own);
    const [row] = await messages(db);
    expect(row!.status, 'a failure after that is the first or the second').toBe('pending');
    expect(inSeconds(row!.send_after)).toBeLessThan(301);
    answer = [204, {}];
    await attempt(own);
    expect(await messages(db)).toMatchObject([{ status: 'sent', repeats: 0 }]);
  },
);

test('one that asks for them for more than a day uses up the tries', async () => {
  const own = await failing(
    (_, response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
  );
  await sql`UPDATE bot_notifications SET created_at = engine.now() - interval '25 hours'`.execute(
    own.db,
  );
  await attempt(own, 7);
  expect(await messages(own.db)).toMatchObject([
    { status: 'failed', attempts: 7, reason: 'no try is left' },
  ]);
});

test('one that asks for them again and again is asked once a minute', async () => {
  const own = await failing(
    (_, response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
  );
  await sql`UPDATE bot_notifications SET attempts = 60`.execute(own.db);
  await attempt(own);
  expect(inSeconds((await messages(own.db))[0]!.send_after)).toBeGreaterThan(50);
});
