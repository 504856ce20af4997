import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

// ESC, carriage return, a line break, a C1 control sequence, text that runs backwards, a zero-width space.
const hostile = 'a\u001B[2J\u001B[31mb\rc\nd\u009B31me\u202Ef\u200Bg';
// Whatever but a line feed moves the cursor, colours or reorders.
const raw = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'watch', {
  display_name: hostile,
  description: hostile,
  status: 'error',
  status_reason: hostile,
  config: JSON.stringify({ [hostile]: hostile }),
});
const run = await insertRun(db, bot, 1, {
  status: 'failed',
  reason: hostile,
  error_message: hostile,
  cancel_reason: hostile,
  cancel_requested_at: new Date(),
  worker: hostile,
  metadata: JSON.stringify({
    checks: [{ name: hostile, status: hostile, title: hostile, reason: hostile }],
  }),
});
const going = await insertRun(db, bot, 1, {
  status: 'running',
  completed_at: null,
  worker: hostile,
  fence: 1,
  lease_until: ago(-1),
});
const finding = await insertFinding(db, bot, hostile, {
  description: hostile,
  category: hostile,
  affected_component: hostile,
  check_name: hostile,
  execution_id: run,
  metadata: JSON.stringify({ [hostile]: hostile }),
});
const ticket = await insertTicket(db, bot, hostile, {
  finding_id: finding,
  status: 'assigned',
  assigned_to: hostile,
  fingerprint: hostile,
  metadata: JSON.stringify({ [hostile]: hostile }),
});
await db
  .insertInto('bot_ticket_events')
  .columns(['ticket_id', 'event', 'actor', 'detail'])
  .expression((eb) =>
    eb
      .selectFrom('bot_tickets')
      .select(['id', eb.val('noted').as('event'), eb.val(hostile).as('actor')])
      .select(eb.cast<any>(eb.val(JSON.stringify({ [hostile]: hostile })), 'jsonb').as('detail')),
  )
  .execute();
await db
  .insertInto('bot_knowledge')
  .values({ name: 'k', category: hostile, issue_pattern: hostile, solution: hostile })
  .execute();
await db
  .insertInto('engine.nodes')
  .values({ id: 'n', role: 'worker', host: hostile, pid: 1 })
  .execute();

const commands = [
  ['status'],
  ['doctor'],
  ['bots', 'list'],
  ['bots', 'show', 'watch'],
  ['bots', 'run', 'watch'],
  ['bots', 'resume', 'watch'],
  ['bots', 'show', hostile],
  ['runs', 'list'],
  ['runs', 'show', run],
  ['runs', 'cancel', going, '--reason', hostile],
  ['runs', 'cancel', hostile],
  ['bots', 'next', 'watch'],
  ['bots', 'backfill', 'watch', '--since', '1h'],
  ['bots', 'backfill', 'watch', '--since', hostile],
  ['findings', 'list'],
  ['findings', 'show', finding],
  ['tickets', 'list'],
  ['tickets', 'show', ticket],
  ['knowledge', 'list'],
  ['knowledge', 'show', 'k'],
];

/** A list in a pipe has tabs between its cells: as many in each line as in its head. */
function withoutSeparators(list: string): string {
  const lines = list.replace(/\n$/, '').split('\n');
  expect(new Set(lines.map((line) => line.split('\t').length)).size).toBe(1);
  return list.replaceAll('\t', '');
}

test.each(commands)('%s %s: nothing is printed raw', async (...args) => {
  const { out, err } = await roundsman(url, ...args);
  const isList = ['list', 'next'].includes(args[1] ?? '');
  expect((isList ? withoutSeparators(out) : out) + err).not.toMatch(raw);
  expect(err).not.toContain('defect');
  // Something of it was printed: the text is made harmless and not left out.
  expect(out + err).toMatch(/\[31mb|watch|scheduled_for/);
});

test.each(commands.filter(([noun, verb]) => verb === 'show' && noun !== 'bots'))(
  '%s %s --json prints nothing raw and loses nothing',
  async (...args) => {
    const { out, json } = await roundsman(url, ...args, '--json');
    expect(out).not.toMatch(raw);
    expect(JSON.stringify(json())).toContain(JSON.stringify(hostile).slice(1, -1));
  },
);
