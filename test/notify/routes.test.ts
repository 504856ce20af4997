/** Which channels are told of what, and why not. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { choose, type RoutedEvent } from '../../src/notify/routing/choose.ts';
import { notifications } from '../../src/notify/settings/schema.ts';
import { explainTicket } from '../../src/services/notify/explain.ts';
import { setNotifications as setDocument } from '../../src/services/notify/set.ts';
import { messagesDue } from '../../src/data/notify/channels.ts';
import { releaseEvents } from '../../src/transitions/notifications/mark-routed.ts';
import { movableClock, stillClock } from '../support/clocks.ts';
import { receiver, scene } from './scene.ts';
import {
  events,
  happen,
  hurry,
  messages,
  openTickets,
  resolve,
  setNotifications,
  toldOps,
} from './tickets.ts';

const channels = { a: { kind: 'log' }, b: { kind: 'log' } };
const routed = (rest: Partial<RoutedEvent> = {}): RoutedEvent => ({
  event: 'opened',
  severity: 'high',
  category: 'disk',
  bot: 'janitor',
  assigned_to: 'ann',
  ...rest,
});
const routesOf = (routes: object[]) => notifications.parse({ channels, routes });

describe('routes', () => {
  test.each([
    ['the first one that fits decides', [{ to: ['a'] }, { to: ['b'] }], {}, ['a']],
    [
      'with continue those behind it are asked',
      [{ to: ['a'], continue: true }, { to: ['a', 'b'] }],
      {},
      ['a', 'b'],
    ],
    [
      'all that is named has to fit',
      [{ when: { severities: ['high'], bots: ['other'] }, to: ['a'] }, { to: ['b'] }],
      {},
      ['b'],
    ],
    ['one of a list has to fit', [{ when: { severities: ['low', 'high'] }, to: ['a'] }], {}, ['a']],
    [
      'what a ticket has not does not fit',
      [{ when: { assignees: ['ann'] }, to: ['a'] }],
      { assigned_to: null },
      [],
    ],
    [
      'a route may tell no channel',
      [{ when: { bots: ['janitor'] }, to: [] }, { to: ['b'] }],
      {},
      [],
    ],
    [
      'a route says which events it tells',
      [{ to: ['a'], on: ['assigned'] }],
      { event: 'assigned' },
      ['a'],
    ],
    ['and no others', [{ to: ['a'], on: ['assigned'] }], {}, []],
    ['notes of the engine are not told', [{ to: ['a'] }], { event: 'seen' }, []],
  ] as [string, object[], Partial<RoutedEvent>, string[]][])('%s', (_, routes, rest, expected) => {
    const { choices, reason } = choose(routesOf(routes), routed(rest));
    expect(choices.map(({ channel }) => channel)).toEqual(expected);
    expect(reason === null).toBe(expected.length > 0);
  });
});

test('without channels people are told of nothing, and of what happened then also later', async () => {
  const { db, route } = await scene();
  await openTickets(db, 1);
  await route();
  expect(await events(db)).toMatchObject([{ unsent_reason: 'no channels are set up' }]);
  await setNotifications(db, toldOps('127.0.0.1:9'));
  await route();
  expect(await messages(db)).toEqual([]);
});

test('an event whose transaction commits after a newer one is not missed', async () => {
  const { db, route } = await scene();
  await setNotifications(db, { channels: { a: { kind: 'log' } }, routes: [{ to: ['a'] }] });
  const late = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = db.transaction().execute(async (trx) => {
    await openTickets(trx, 1, { title: 'late' });
    begun.resolve();
    await late.promise;
  });
  await begun.promise;
  await openTickets(db, 1, { title: 'early' });
  expect(await route()).toMatchObject({ figures: { events: 1 } });
  late.resolve();
  await slow;
  expect(await route()).toMatchObject({ figures: { events: 1 } });
  expect(await messages(db)).toHaveLength(2);
});

test('what is silenced is not told, but what a person writes is', async () => {
  const { db, route } = await scene();
  await setNotifications(db, { channels: { a: { kind: 'log' } }, routes: [{ to: ['a'] }] });
  const [ticket] = await openTickets(db, 1);
  await sql`
    INSERT INTO bot_silences (fingerprint, owner, reason, until_resolved)
    SELECT fingerprint, 'bob', 'known', true FROM bot_tickets`.execute(db);
  await happen(db, ticket!.id, 'commented', 'ann', { text: 'still?' });
  await route();
  expect((await events(db)).map(({ unsent_reason }) => unsent_reason)).toEqual([
    'silenced by bob: known',
    null,
  ]);
  expect(await messages(db)).toMatchObject([{ kind: 'comment' }]);
});

test.each([
  ['in the evening', '2026-06-01T21:00:00Z', '2026-06-02T05:00:00.000Z'],
  ['after midnight', '2026-06-02T01:00:00Z', '2026-06-02T05:00:00.000Z'],
  ['when the clock goes forward meanwhile', '2026-03-28T22:00:00Z', '2026-03-29T05:00:00.000Z'],
  ['in winter', '2026-12-01T22:00:00Z', '2026-12-02T06:00:00.000Z'],
  ['by day', '2026-06-01T12:00:00Z', null],
])(
  'quiet hours keep back what is less severe, by the clock of their zone: %s',
  async (_, now, until) => {
    const { db, route } = await scene();
    await stillClock(db, now);
    await setNotifications(db, {
      channels: { a: { kind: 'log' } },
      routes: [{ to: ['a'] }],
      quiet_hours: {
        severities: ['medium', 'low'],
        from: '22:00',
        to: '07:00',
        timezone: 'Europe/Berlin',
      },
    });
    // At that hour the job may look as if it began long ago or later: it is carried by hand.
    await openTickets(db, 1, { severity: 'low', title: 'low' });
    await openTickets(db, 1, { severity: 'critical', title: 'critical' });
    await route();
    const [low, critical] = await messages(db);
    if (until === null) expect(low!.route).toBe('route 1');
    else {
      expect(low!.send_after.toISOString()).toBe(until);
      expect(low!.route).toContain('quiet hours until');
    }
    expect(critical!.send_after.toISOString()).toBe(new Date(now).toISOString());
  },
);

test('who was told that it began is told that it ended, although its route fits no more', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(
    db,
    toldOps(host, { routes: [{ when: { severities: ['critical'] }, to: ['ops'] }] }),
  );
  const [ticket] = await openTickets(db, 1, { severity: 'critical' });
  await route();
  await deliver();
  await sql`UPDATE bot_tickets SET severity = 'low'`.execute(db);
  await resolve(db, ticket!.id);
  await route();
  await hurry(db);
  await deliver();
  expect(received.map(({ data }) => data.ticket.status)).toEqual(['open', 'resolved']);
  const told = await explainTicket(db, { ticket: ticket!.number, limit: 10 });
  expect(told.events.map(({ event, unsent_reason }) => [event, unsent_reason])).toEqual([
    ['opened', null],
    ['resolved', null],
  ]);
  expect(told.notifications.map(({ status, route }) => [status, route])).toEqual([
    ['sent', 'route 1'],
    ['sent', 'told before'],
  ]);
});

describe('notify set', () => {
  const actor = { name: 'ann', role: 'admin' } as const;
  const set = (db: Parameters<typeof setDocument>[0]['db'], document: object) =>
    setDocument({ db, actor }, { text: JSON.stringify(document), place: 'here' });

  test('what waits for a channel that is taken away is not sent, and says why', async () => {
    const { db, route, deliver } = await scene();
    const { host, received } = await receiver();
    await set(db, toldOps(host));
    await openTickets(db, 2, { severity: 'critical' });
    await route();
    expect(await set(db, { channels: {}, routes: [] })).toMatchObject({
      removed: [{ channel: 'ops', failed: 2 }],
    });
    await deliver();
    expect(received).toEqual([]);
    expect((await messages(db)).map(({ status, reason }) => [status, reason])).toEqual([
      ['superseded', 'ann removed the channel from the settings'],
      ['superseded', 'ann removed the channel from the settings'],
    ]);
  });

  test('a channel that is changed is on again, and gets what waits', async () => {
    const { db, route, deliver } = await scene();
    const old = await receiver((_, response) => void response.writeHead(410).end());
    await set(db, toldOps(old.host));
    await openTickets(db, 1, { severity: 'critical' });
    await route();
    await deliver();
    const { host, received } = await receiver();
    expect(await set(db, toldOps(host))).toMatchObject({ switched_on: ['ops'] });
    await deliver();
    expect(received).toHaveLength(1);
  });

  test.each([
    [
      { channels: { a: { kind: 'pigeon' } }, routes: [] },
      'there are slack, email, webhook, github-issue, log',
    ],
    [
      { channels: { a: { kind: 'webhook', url: 'https://x.test' } }, routes: [] },
      'channels, a, secret: is missing',
    ],
    [{ channels: { a: { kind: 'log', more: 1 } }, routes: [] }, 'more'],
    [{ channels: { '-a': { kind: 'log' } }, routes: [] }, 'begins with a letter or digit'],
    [{ channels, routes: [{ to: ['-a'] }] }, 'begins with a letter or digit'],
    [{ channels: {}, routes: [{ to: ['b'] }] }, 'there is no channel b; there are none'],
    [{ channels, routes: [{ when: { severities: ['crit'] }, to: ['a'] }] }, 'critical'],
    [{ channels, routes: [{ to: ['a'], on: ['seen'] }] }, 'opened'],
    [
      {
        channels,
        routes: [],
        quiet_hours: { severities: ['low'], from: '22:00', to: '7', timezone: 'UTC' },
      },
      '22:00',
    ],
    [
      {
        channels,
        routes: [],
        quiet_hours: { severities: ['low'], from: '22:00', to: '07:00', timezone: 'X/Y' },
      },
      'Europe/Berlin',
    ],
    [
      {
        channels: { a: { kind: 'webhook', url: 'https://x.test', secret: '{{secrets:X}}' } },
        routes: [],
      },
      '{{secret:NAME}}',
    ],
    [
      { channels, routes: [{ when: { severities: ['urgent'] }, to: ['a'] }] },
      'route 1, when, severities: has to be one of critical, high, medium, low, info',
    ],
    [{ channels, routes: [{ tu: ['a'] }] }, 'route 1: there is no "tu"'],
    [{ channels, routes: [{}] }, 'route 1, to: is missing'],
    [{ channels: [], routes: [] }, 'channels: has to be a map'],
    [{ channels, routes: 'a' }, 'routes: has to be a list'],
    [
      { channels, routes: [], quiet_hours: { severities: ['low'], from: '22:00', to: '07:00' } },
      'quiet_hours, timezone: has to be the name of a zone',
    ],
    [
      { channels: { a: { kind: 'webhook', url: 7 } }, routes: [] },
      'channels, a, secret: is missing',
    ],
  ])('%j is refused with what to write', async (document, words) => {
    const { db } = await scene();
    const refused = set(db, document);
    await expect(refused).rejects.toMatchObject({
      exitCode: 2,
      why: expect.stringContaining(words),
    });
    expect(
      await db
        .selectFrom('engine.settings')
        .select('key')
        .where('key', '=', 'notifications')
        .execute(),
    ).toEqual([]);
  });

  test('an operator may not, a credential in plain text and a missing secret are warned of', async () => {
    const { db } = await scene();
    const given = { text: JSON.stringify(toldOps('127.0.0.1:9')), place: 'here' };
    await expect(
      setDocument({ db, actor: { name: 'ann', role: 'operator' } }, given),
    ).rejects.toMatchObject({ what: 'ann may not change notifications' });
    expect((await set(db, toldOps('127.0.0.1:9'))).warnings.join()).toContain(
      'OPS_KEY is not stored',
    );
    const clear = toldOps('127.0.0.1:9');
    clear.channels.ops.secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    expect((await set(db, clear)).warnings.join()).toContain('credential');
  });
});

test('a document that cannot be used keeps events waiting, and the job says why', async () => {
  const { db, route } = await scene();
  await setNotifications(db, { channels: { a: { kind: 'pigeon' } }, routes: [{ to: ['a'] }] });
  await openTickets(db, 1);
  expect(await route()).toMatchObject({ status: 'queued', reason: 'job failed' });
  expect(await events(db)).toMatchObject([{ routed_at: null }]);
  await setNotifications(db, { channels: { a: { kind: 'log' } }, routes: [{ to: ['a'] }] });
  await route();
  expect(await messages(db)).toHaveLength(1);
});

test('a secret that a channel needs is known to be in use', async () => {
  const { db } = await scene();
  await setNotifications(db, toldOps('127.0.0.1:9'));
  const { usesOfSecrets } = await import('../../src/data/secrets/rows.ts');
  expect(await usesOfSecrets(db)).toEqual(new Map([['OPS_KEY', ['channel ops']]]));
});

test('what maintenance holds back is told once no window is in force any more, as the ticket is then', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const later = await movableClock(db);
  await sql`
    INSERT INTO bot_maintenance (owner, reason, occurrences)
    VALUES ('bob', 'upgrade', tstzmultirange(tstzrange(engine.now() - interval '1 minute', engine.now() + interval '1 hour')))`.execute(
    db,
  );
  const [first, second] = await openTickets(db, 2, { severity: 'critical' });
  await happen(db, first!.id, 'commented', 'ann', { text: 'I look at it' });
  expect(await route()).toMatchObject({ figures: { events: 3, messages: 1 } });
  expect(await messages(db)).toMatchObject([{ kind: 'comment', ticket_id: first!.id }]);
  expect((await events(db)).map(({ unsent_reason }) => unsent_reason)).toEqual([
    expect.stringMatching(/^held back by maintenance until .* UTC \(bob: upgrade\)$/),
    expect.stringMatching(/^held back by maintenance/),
    null,
  ]);
  expect(await messagesDue(db)).toMatchObject({ events: false });
  expect(await releaseEvents(db, 100)).toBe(0);
  await sql`UPDATE bot_tickets SET severity = 'high' WHERE id = ${second!.id}`.execute(db);
  await later(3_600);
  expect(await releaseEvents(db, 100)).toBe(2);
  expect(await messagesDue(db)).toMatchObject({ events: true });
  expect(await route()).toMatchObject({ figures: { events: 2, messages: 2 } });
  await hurry(db);
  await deliver();
  expect(received.map(({ data }) => data.ticket?.severity)).toContain('high');
  expect(await route()).toMatchObject({ figures: { events: 0 } });
});

test('a merged ticket tells nothing by itself but what people write, and its end where people were told of it', async () => {
  const { db, route } = await scene();
  await setNotifications(db, { channels: { a: { kind: 'log' } }, routes: [{ to: ['a'] }] });
  const [survivor, merged] = await openTickets(db, 2);
  await sql`UPDATE bot_tickets SET merged_into = ${survivor!.id} WHERE id = ${merged!.id}`.execute(
    db,
  );
  await happen(db, merged!.id, 'raised', 'roundsman');
  await happen(db, merged!.id, 'commented', 'ann', { text: 'the same disk' });
  await route();
  expect((await messages(db)).map(({ ticket_id, kind }) => [ticket_id, kind])).toEqual([
    [survivor!.id, 'ticket'],
    [merged!.id, 'comment'],
  ]);
  expect((await events(db)).map(({ unsent_reason }) => unsent_reason)).toEqual([
    null,
    `T-${survivor!.number} stands for it`,
    `T-${survivor!.number} stands for it`,
    null,
  ]);
});

test('a message that waited when maintenance began is sent when it is over', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const later = await movableClock(db);
  await openTickets(db, 1, { severity: 'high' });
  await route();
  await sql`
    INSERT INTO bot_maintenance (owner, reason, occurrences)
    VALUES ('bob', 'upgrade', tstzmultirange(tstzrange(engine.now(), engine.now() + interval '1 hour')))`.execute(
    db,
  );
  await hurry(db);
  await deliver();
  expect(received).toEqual([]);
  expect(await messages(db)).toMatchObject([
    { status: 'pending', attempts: 0, reason: 'held back by maintenance' },
  ]);
  await later(3_700);
  await deliver();
  expect(received).toHaveLength(1);
  expect(await messages(db)).toMatchObject([{ status: 'sent', reason: null }]);
});
