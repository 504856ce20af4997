/** What the commands on messages show, and what they refuse. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { markRouted } from '../../src/transitions/notifications/mark-routed.ts';
import { queueMessages } from '../../src/transitions/notifications/queue.ts';
import { openTickets } from '../notify/tickets.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';

const directory = mkdtempSync(join(tmpdir(), 'notify-'));
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
    err: expect.stringContaining('A test of Roundsman'),
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
  expect(shown.out).toContain(`T-${ticket.number} high, open: disk`);
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
  expect((await roundsman(url, 'notify', 'list')).out).toContain('next try at');
  await db.updateTable('bot_notifications').set({ tries: 0 }).execute();
  await db
    .updateTable('bot_notifications')
    .set({ status: 'failed', reason: 'no try is left', error_message: 'it answered 500' })
    .execute();
  const listed = await roundsman(url, 'notify', 'list', '--status', 'failed');
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
