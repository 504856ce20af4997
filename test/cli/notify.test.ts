/** What the commands on messages show, and what they refuse. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Db } from '../../src/database/connect.ts';
import { markRouted } from '../../src/transitions/notifications/mark-routed.ts';
import { queueMessages } from '../../src/transitions/notifications/queue.ts';
import { openTickets, setNotifications } from '../notify/tickets.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { ownFolder } from '../support/own-folder.ts';

const directory = ownFolder('notify-');
const document = (text: string): string => {
  const file = join(directory, 'document.yaml');
  writeFileSync(file, text);
  return file;
};
const good = `channels:
  record: { kind: log }
  hook: { kind: webhook, url: 'http://127.0.0.1:9/x', secret: '{{secret:HOOK}}' }
routes:
  - to: [record, hook]
`;

let db: Db;
let url: string;
let ticket: { id: string; number: string };
beforeAll(async () => {
  ({ db, url } = await testDatabase());
  [ticket] = (await openTickets(db, 1, { title: 'disk \u001b[2J is full' })) as [typeof ticket];
});

test('without a document each command says that people are told of nothing', async () => {
  expect((await roundsman(url, 'notify', 'show')).out).toContain('people are told of nothing');
  expect((await roundsman(url, 'notify', 'preview', 'T-1')).out).toContain('told of nothing');
  expect((await roundsman(url, 'status')).out).toMatch(/^Told, 24 h +nothing: no channels/m);
  expect(await roundsman(url, 'notify', 'test', 'ops')).toMatchObject({
    code: 3,
    err: expect.stringContaining('no channels are set up'),
  });
});

test('status --json has the figures of messages, and says what keeps people from being told', async () => {
  expect((await roundsman(url, 'status', '--json')).json()).toMatchObject({
    bot_notifications: { sent: 0, failed: 0, pending: 0 },
    channels: { set_up: false, unusable: null, off: 0, off_since: null },
  });
  await setNotifications(db, { channels: { a: { kind: 'pigeon' } }, routes: [] });
  const status = await roundsman(url, 'status');
  expect(status.code).toBe(6);
  expect(status.out).toContain(
    'the setting notifications cannot be used (channels, a, kind: no kind',
  );
  const json = (await roundsman(url, 'status', '--json')).json() as any;
  expect(json.channels.unusable).toContain('there are slack, email, webhook, github-issue, log');
  expect(json.needs.map((need: any) => need.kind)).toContain('notifications_unusable');
  // What the hint promises: the document is shown all the same.
  expect(await roundsman(url, 'notify', 'show')).toMatchObject({
    code: 0,
    out: expect.stringContaining('kind: pigeon'),
    err: expect.stringContaining('it cannot be used'),
  });
  await db.deleteFrom('engine.settings').where('key', '=', 'notifications').execute();
});

test('notify show prints a document in the order in which the pages write it', async () => {
  const pages = ['notifications', 'channels'].map((name) =>
    readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'),
  );
  const documents = pages.flatMap((page) =>
    [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => parse(text!) as object),
  );
  expect(documents.length).toBeGreaterThan(3);
  for (const document of documents) {
    await setNotifications(db, document);
    const { out } = await roundsman(url, 'notify', 'show');
    const shown = out.split('\n').filter((line) => !line.startsWith('#'));
    expect(keysIn(parse(shown.join('\n')))).toEqual(keysIn(document));
  }
  await db.deleteFrom('engine.settings').where('key', '=', 'notifications').execute();
});

/** The names of channels have no order but their own. */
const keysIn = (value: unknown): unknown =>
  value === null || typeof value !== 'object'
    ? null
    : Object.entries(value).map(([key, each]) => [
        key,
        key === 'channels'
          ? Object.entries(each as object)
              .toSorted(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, config]) => [name, keysIn(config)])
          : keysIn(each),
      ]);

test('quiet hours that keep critical tickets for a day are warned of', async () => {
  const quiet = `quiet_hours: { severities: [critical, low], from: '00:00', to: '23:59', timezone: Europe/Berlin }\n`;
  const said = /critical tickets are quiet for up to 23 h 59 min at a stretch/;
  const checked = await roundsman(url, 'notify', 'check', document(good + quiet));
  expect(checked).toMatchObject({ code: 0, err: expect.stringMatching(said) });
  expect(checked.err).not.toContain('low tickets');
  const policy = document(`rules: []\n${quiet}`);
  for (const command of ['check', 'set'])
    expect(await roundsman(url, 'policy', command, policy)).toMatchObject({
      code: 0,
      err: expect.stringMatching(said),
    });
  const always = document(`rules: []\n${quiet.replace('23:59', '24:00')}`);
  const { err } = await roundsman(url, 'policy', 'check', always);
  expect(err).toContain('critical tickets are quiet always');
  expect(err).toContain('low tickets are quiet always');
  const night = document(`rules: []\n${quiet.replace('00:00', '22:00').replace('23:59', '07:00')}`);
  expect((await roundsman(url, 'policy', 'check', night)).err).not.toContain('quiet');
});

test('a mistake is shown with its line, and nothing is set', async () => {
  const file = document('channels:\n  a: { kind: log }\nroutes:\n  - to: [b\n');
  expect(await roundsman(url, 'notify', 'set', file)).toMatchObject({ code: 2 });
  const wrong = await roundsman(
    url,
    'notify',
    'check',
    document('channels:\n  a: { kind: log }\nroutes:\n  - to: [b]\n'),
  );
  expect(wrong).toMatchObject({
    code: 2,
    err: expect.stringContaining('document.yaml:4:10 route 1, to: there is no channel b'),
  });
  expect(await roundsman(url, 'notify', 'check', join(directory, 'none'))).toMatchObject({
    code: 2,
  });
});

test('all mistakes are shown at once, each with the nearest word', async () => {
  const { code, err } = await roundsman(
    url,
    'notify',
    'check',
    document(
      'channels:\n  hook: { kind: log }\nroutes:\n  - to: [hok]\n    when: { severities: [critical, hig] }\n  - to: [hok]\n',
    ),
  );
  expect(code).toBe(2);
  const said = err.replaceAll(/\s+/g, ' ');
  expect(said).toMatch(/document.yaml:5:\d+ route 1, when, severities: .*did you mean high\?/);
  for (const [line, route] of [
    [4, 1],
    [6, 2],
  ])
    expect(said).toContain(
      `document.yaml:${line}:10 route ${route}, to: there is no channel hok; there are hook; did you mean hook?`,
    );
});

test('a document is set, shown, and its channels are tried and previewed', async () => {
  const set = await roundsman(url, 'notify', 'set', document(good), '--as', 'ann');
  expect(set).toMatchObject({
    code: 0,
    err: expect.stringContaining('the secret HOOK is not stored'),
  });
  expect((await roundsman(url, 'notify', 'show', '--json')).json()).toMatchObject({
    notifications: { channels: { record: { kind: 'log' } } },
    channels: [],
  });
  expect(await roundsman(url, 'notify', 'test', 'record')).toMatchObject({
    code: 0,
    out: 'record took it.\n',
    err: expect.stringMatching(/^A test message of Roundsman\nMessages arrive here\. .*\n/m),
  });
  expect(await roundsman(url, 'notify', 'test', 'hook')).toMatchObject({
    code: 1,
    out: expect.stringMatching(
      /^hook did not take it: .*\nIts config is in `npx roundsman notify show`;/,
    ),
  });
  const untaken = await roundsman(url, 'notify', 'test', 'hook', '--json');
  expect(untaken.code).toBe(1);
  expect(untaken.json()).toMatchObject({
    channel: 'hook',
    sent: false,
    why: expect.stringContaining('HOOK'),
  });
  const shown = await roundsman(
    url,
    'notify',
    'preview',
    `T-${ticket.number}`,
    '--channel',
    'record',
  );
  expect(shown.out).toContain(`T-${ticket.number}: disk`);
  expect(shown.out).not.toContain('\u001b[2J');
  expect((await roundsman(url, 'notify', 'preview', 'T-1', '--channel', 'hok')).err).toContain(
    'hook',
  );
});

test('messages are listed, explained and sent again', async () => {
  const id = crypto.randomUUID();
  await db.transaction().execute(async (trx) => {
    const { id: event } = await trx
      .selectFrom('bot_ticket_events')
      .select('id')
      .executeTakeFirstOrThrow();
    await queueMessages(trx, [
      {
        id,
        ticket_id: ticket.id,
        channel: 'record',
        kind: 'ticket',
        events: [event],
        route: 'route 1',
        opens: true,
        gathers: false,
        send_after: new Date(),
      },
    ]);
    await markRouted(trx, [{ id: event, unsent_reason: null, is_held: false }]);
  });
  // What waits for a channel that is off has no next try, whatever its row says.
  await sql`INSERT INTO engine.channels (name, off_since, off_reason) VALUES ('record', now(), 'it answered 410')`.execute(
    db,
  );
  await db.updateTable('bot_notifications').set({ tries: 1 }).execute();
  for (const args of [['list'], ['explain', `T-${ticket.number}`]]) {
    const { out } = await roundsman(url, 'notify', ...args);
    expect(out).toContain('waits until its channel is switched on');
    expect(out).not.toContain('next try');
  }
  const shown = (await roundsman(url, 'notify', 'show')).out;
  expect(shown).toMatch(/^# off: record, .*it answered 410/m);
  expect(shown).toMatch(/^# 1 message waits for record$/m);
  expect(await roundsman(url, 'notify', 'check', document(shown))).toMatchObject({
    code: 0,
    out: expect.stringContaining('can be set: 2 channels, 1 route'),
  });
  await sql`DELETE FROM engine.channels`.execute(db);
  expect((await roundsman(url, 'notify', 'list', '-o', 'table')).out).toContain('next try at');
  await db.updateTable('bot_notifications').set({ tries: 0 }).execute();
  await db
    .updateTable('bot_notifications')
    .set({ status: 'failed', reason: 'no try is left', error_message: 'it answered 500' })
    .execute();
  const listed = await roundsman(url, 'notify', 'list', '--status', 'failed', '-o', 'table');
  expect(listed.out).toMatch(/T-\d+ +record +failed +0 .*no try is left; it answered 500/);
  expect((await roundsman(url, 'notify', 'list', '--json')).json()).toMatchObject([
    { id, status: 'failed', ticket_number: ticket.number, channel: 'record' },
  ]);
  const status = await roundsman(url, 'status');
  expect(status.out).toContain('1 message of the last 24 hours could not be sent');
  const explained = await roundsman(url, 'notify', 'explain', `T-${ticket.number}`);
  expect(explained.out).toMatch(/opened +roundsman +record: failed/);
  expect(explained.out).toMatch(/record +failed +0 +route 1/);
  expect(await roundsman(url, 'notify', 'retry', id.slice(0, 8))).toMatchObject({
    code: 0,
    out: '1 message for record: due now.\n',
  });
  await db.updateTable('bot_notifications').set({ status: 'sent' }).execute();
  expect(await roundsman(url, 'notify', 'retry', id)).toMatchObject({
    code: 1,
    err: expect.stringContaining('its receiver has it'),
  });
  expect(await roundsman(url, 'notify', 'retry', 'recrod')).toMatchObject({
    code: 3,
    err: expect.stringContaining('record'),
  });
});
