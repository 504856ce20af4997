/** Channels that are gone or lack a secret, and what people are told of them. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { settle } from '../../src/maintain/settle.ts';
import { needs } from '../../src/services/progress/needs.ts';
import { readFacts } from '../../src/services/progress/facts.ts';
import { retry } from '../../src/services/notify/retry.ts';
import { setNotifications as setDocument } from '../../src/services/notify/set.ts';
import { noBots } from '../jobs/job-flow.ts';
import { movableClock } from '../support/clocks.ts';
import { receiver, scene } from './scene.ts';
import { smtpServer } from './smtp-server.ts';
import {
  events,
  happen,
  hurry,
  messages,
  openTickets,
  setNotifications,
  toldOps,
} from './tickets.ts';
import { key } from './webhook-key.ts';

const critical = { severity: 'critical' };
const actor = { name: 'ann', role: 'admin' } as const;
const kindsOf = async (db: Db) => needs(await readFacts(db)).map(({ kind }) => kind);
const channelTickets = (db: Db) =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('fingerprint', 'like', 'channel-%')
    .orderBy('number')
    .execute();

test('what has failed of a channel that is removed needs no person, says why, and is not sent again', async () => {
  const { db, route } = await scene();
  await setNotifications(db, toldOps('127.0.0.1:1'));
  await openTickets(db, 2, critical);
  await route();
  await sql`UPDATE bot_notifications SET status = 'failed', reason = 'no try is left', error_message = 'it answered 500'
            WHERE position = (SELECT min(position) FROM bot_notifications)`.execute(db);
  expect(await kindsOf(db)).toContain('messages_failed');
  const removed = await setDocument(
    { db, actor },
    { text: '{"channels": {}, "routes": []}', place: 'here' },
  );
  expect(removed.removed).toEqual([{ channel: 'ops', failed: 1 }]);
  expect(await kindsOf(db)).not.toContain('messages_failed');
  const rows = await messages(db);
  expect(rows.map(({ status, reason }) => [status, reason])).toEqual([
    ['superseded', 'no try is left; ann removed the channel from the settings'],
    ['superseded', 'ann removed the channel from the settings'],
  ]);
  await expect(retry({ db, actor }, { given: rows[0]!.id })).rejects.toMatchObject({
    why: 'the settings have no channel ops any more',
  });
});

test.each([
  ['another document', { channels: {}, routes: [] }],
  ['no document', null],
])(
  'a channel that was off and that a statement takes away leaves nothing behind: %s',
  async (_, document) => {
    const { db, route, deliver } = await scene();
    const { host } = await receiver((_, response) => void response.writeHead(410).end());
    await setNotifications(db, toldOps(host));
    await openTickets(db, 2, critical);
    await route();
    await deliver();
    expect(await kindsOf(db)).toContain('channels_off');
    await setNotifications(db, { channels: 'what' });
    expect(await settle(db, noBots), 'it is not known which channels there are').toMatchObject({
      endedChannels: 0,
    });
    if (document) await setNotifications(db, document);
    else await db.deleteFrom('engine.settings').where('key', '=', 'notifications').execute();
    expect(await kindsOf(db)).not.toContain('channels_off');
    expect(await settle(db, noBots)).toMatchObject({ endedChannels: 1 });
    expect(await settle(db, noBots)).toMatchObject({ endedChannels: 0 });
    expect((await messages(db)).map(({ status }) => status)).toEqual(['superseded', 'superseded']);
    expect(await channelTickets(db)).toMatchObject([
      { status: 'resolved', resolution_notes: 'The channel ops was removed from the settings.' },
    ]);
  },
);

test('settings that cannot be used need a person', async () => {
  const { db } = await scene();
  expect(await kindsOf(db)).not.toContain('notifications_unusable');
  await setNotifications(db, {
    channels: { a: { kind: `pigeon\u001B[2J${'x'.repeat(9_000)}` } },
    routes: 5,
  });
  const need = needs(await readFacts(db)).find(({ kind }) => kind === 'notifications_unusable');
  expect(need!.what).toContain('people are told of nothing');
  expect(need!.what).toContain('there are slack, email, webhook, github-issue, log');
  expect(need!.what.length).toBeLessThan(700);
});

test('a secret that is missing opens a ticket at the second try, goes on being tried, and ends with the secret', async () => {
  const secrets: Record<string, string> = {};
  const { db, route, deliver } = await scene({ secrets });
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  await openTickets(db, 1, critical);
  await route();
  await deliver();
  expect(await channelTickets(db)).toEqual([]);
  const inSeconds = async () =>
    ((await messages(db))[0]!.send_after.getTime() - Date.now()) / 1_000;
  expect(await inSeconds()).toBeLessThan(6);
  for (let at = 0; at < 9; at += 1) {
    await hurry(db);
    await deliver();
  }
  const [ticket] = await channelTickets(db);
  expect(await channelTickets(db)).toHaveLength(1);
  expect(ticket).toMatchObject({
    status: 'open',
    severity: 'high',
    title: 'The channel ops cannot be used: people are not told through it',
    description: expect.stringContaining('the secret OPS_KEY is not stored'),
  });
  expect((await messages(db))[0]).toMatchObject({ status: 'pending', attempts: 10, tries: 1 });
  expect(await inSeconds()).toBeGreaterThan(250);
  expect(await inSeconds()).toBeLessThan(301);
  secrets.OPS_KEY = key;
  await hurry(db);
  await deliver();
  expect(received).toHaveLength(1);
  expect(await channelTickets(db)).toMatchObject([
    {
      status: 'resolved',
      resolved_by: 'roundsman',
      resolution_notes: 'The channel ops can be used again.',
    },
  ]);
  expect(await db.selectFrom('engine.channels').selectAll().execute()).toMatchObject([
    { unusable_since: null, unusable_reason: null, off_since: null },
  ]);
});

test('a secret that does not fit is told, too, and one that the receiver refuses switches off in its place', async () => {
  const secrets: Record<string, string> = { OPS_KEY: 'x'.repeat(600) };
  const { db, route, deliver } = await scene({ secrets });
  await setNotifications(db, toldOps('127.0.0.1:1'));
  await openTickets(db, 1, critical);
  await route();
  for (let at = 0; at < 2; at += 1) {
    await hurry(db);
    await deliver();
  }
  expect((await channelTickets(db)).map(({ status, title }) => [status, title])).toEqual([
    ['open', 'The channel ops cannot be used: people are not told through it'],
  ]);
  secrets.OPS_KEY = 'no key at all';
  await hurry(db);
  await deliver();
  expect((await channelTickets(db)).map(({ status, title }) => [status, title])).toEqual([
    ['resolved', 'The channel ops cannot be used: people are not told through it'],
    ['open', 'The channel ops is off: people are not told through it'],
  ]);
});

test('maintenance of everything holds back no ticket about a channel; one that names its component does', async () => {
  const { db, route } = await scene();
  await setNotifications(db, { channels: { a: { kind: 'log' } }, routes: [{ to: ['a'] }] });
  const [about, other] = await openTickets(db, 2);
  await sql`UPDATE bot_tickets SET fingerprint = 'channel-ops', metadata = '{"component": "channel ops"}'
            WHERE id = ${about!.id}`.execute(db);
  await sql`
    INSERT INTO bot_maintenance (owner, reason, occurrences)
    VALUES ('bob', 'upgrade', tstzmultirange(tstzrange(engine.now() - interval '1 minute', engine.now() + interval '1 hour')))`.execute(
    db,
  );
  await route();
  expect((await messages(db)).map(({ ticket_id }) => ticket_id)).toEqual([about!.id]);
  expect((await events(db)).map(({ unsent_reason }) => unsent_reason)).toEqual([
    null,
    expect.stringContaining('held back by maintenance'),
  ]);
  await sql`UPDATE bot_maintenance SET components = ARRAY['channel ops']`.execute(db);
  await happen(db, about!.id, 'raised', 'roundsman');
  await happen(db, other!.id, 'raised', 'roundsman');
  await route();
  expect((await events(db)).slice(2).map(({ unsent_reason }) => unsent_reason)).toEqual([
    expect.stringContaining('held back by maintenance'),
    null,
  ]);
});

test('a comment takes along what still waits to be told of its ticket, and comes after it', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const [ticket] = await openTickets(db, 5);
  await route();
  await deliver();
  expect(received, 'they wait for each other').toEqual([]);
  await happen(db, ticket!.id, 'commented', 'ann', { text: 'I look at it' });
  await route();
  await deliver();
  expect(received.map(({ data }) => data.events.map((each: any) => each.event))).toEqual([
    ['opened'],
    ['commented'],
  ]);
  expect(new Set(received.map(({ data }) => data.ticket.id))).toEqual(new Set([ticket!.id]));
  expect((await messages(db)).filter(({ gathers }) => gathers)).toHaveLength(4);
});

test('what a comment stands behind is no part of a message about many', async () => {
  const { db, route, deliver } = await scene();
  let broken = true;
  const { host, received } = await receiver((_, response) => {
    if (broken) response.statusCode = 500;
  });
  await setNotifications(db, toldOps(host));
  const tickets = await openTickets(db, 5);
  for (const { id } of tickets) await happen(db, id, 'commented', 'ann', { text: 'I look at it' });
  await route();
  await hurry(db);
  await deliver();
  broken = false;
  received.length = 0;
  await hurry(db);
  await deliver();
  for (const { id } of tickets)
    expect(
      received.filter(({ data }) => data.ticket?.id === id).map(({ data }) => data.events[0].event),
    ).toEqual(['opened', 'commented']);
});

test('a comment does not wait for what maintenance holds back', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const [ticket] = await openTickets(db, 1);
  await route();
  await sql`
    INSERT INTO bot_maintenance (owner, reason, occurrences)
    VALUES ('bob', 'upgrade', tstzmultirange(tstzrange(engine.now(), engine.now() + interval '1 hour')))`.execute(
    db,
  );
  await happen(db, ticket!.id, 'commented', 'ann', { text: 'I look at it' });
  await route();
  await deliver();
  expect(received.map(({ data }) => data.events[0].event)).toEqual(['commented']);
});

test('after a clock was set back a mail answers the one that was sent last', async () => {
  const { db, route, deliver } = await scene();
  const { port, taken } = await smtpServer();
  await setNotifications(db, {
    channels: {
      mail: {
        kind: 'email',
        host: '127.0.0.1',
        port,
        security: 'none',
        from: 'roundsman@example.com',
        to: ['ops@example.com'],
      },
    },
    routes: [{ to: ['mail'] }],
    hosts: [`127.0.0.1:${port}`],
  });
  const move = await movableClock(db);
  const [ticket] = await openTickets(db, 1, critical);
  const tell = async () => {
    await route();
    await hurry(db);
    await deliver();
  };
  await tell();
  await move(-7_200);
  await happen(db, ticket!.id, 'acknowledged');
  await tell();
  await happen(db, ticket!.id, 'reminded', 'policy');
  await tell();
  const ids = taken.map(({ raw }) => /^Message-ID: (\S+)/m.exec(raw)![1]);
  expect(ids).toHaveLength(3);
  expect(taken[2]!.raw).toContain(`In-Reply-To: ${ids[1]}`);
  expect((await messages(db)).map(({ sent_order }) => sent_order)).toEqual([1, 2, 3]);
});
