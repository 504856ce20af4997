/** One change of all tickets that a filter names. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { changeInBulk, findForBulk } from '../../src/services/tickets/bulk.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { testDatabase } from '../support/database.ts';
import { waiting, whileHeld } from '../support/held.ts';
import { hasTerminal, inTerminal, keys } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const ann = { db, actor: { name: 'ann', role: 'operator' as const } };

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_tickets RESTART IDENTITY CASCADE`.execute(db);
  const [watch, other] = [await insertBot(db, 'watch'), await insertBot(db, 'other')];
  for (let number = 1; number <= 7; number += 1)
    await insertTicket(db, watch, `disk ${number} is full`, { fingerprint: `fp-${number}` });
  await insertTicket(db, other, 'it is slow', { fingerprint: 'fp' });
});

const bulk = (change: string, ...args: string[]) =>
  roundsman(url, 'tickets', 'bulk', change, '--as', 'ann', ...args);
const rows = () => db.selectFrom('bot_tickets').selectAll().orderBy('number').execute();
const how = async (column: keyof Awaited<ReturnType<typeof rows>>[number]) =>
  (await rows()).map((row) => row[column]);
const seven = <Value>(value: Value) => [...Array<Value>(7).fill(value), null];

test('it says how many and which first, and changes nothing without a yes', async () => {
  const before = await rows();
  const { code, out, err } = await bulk('ack', '--bot', 'watch');
  expect(code).toBe(2);
  expect(out.match(/disk \d is full/g)).toHaveLength(5);
  expect(err).toContain('and 2 more');
  expect(err).toContain('Acknowledge 7 tickets?');
  expect(err).toContain('--yes 7');
  const wrong = await bulk('ack', '--bot', 'watch', '--yes', '8');
  expect(wrong).toMatchObject({
    code: 2,
    err: expect.stringContaining('there are 7 of them, and not 8'),
  });
  const none = await bulk('ack');
  expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no option says which') });
  expect(await rows()).toEqual(before);
});

test('who takes many tickets acknowledges each, those that were theirs already too', async () => {
  await sql`UPDATE bot_tickets SET status = 'assigned', assigned_to = 'ann' WHERE number <= 3`.execute(
    db,
  );
  await sql`UPDATE bot_tickets SET acknowledged_at = now(), acknowledged_by = 'bob' WHERE number = 3`.execute(
    db,
  );
  const { code, out } = await bulk('assign', 'ann', '--bot', 'watch', '--yes', '7');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('1 ticket had') });
  expect(await how('acknowledged_by')).toEqual([
    'ann',
    'ann',
    'bob',
    'ann',
    'ann',
    'ann',
    'ann',
    null,
  ]);
  const again = await bulk('assign', 'me', '--bot', 'watch', '--yes', '7');
  expect(again.out).toContain('7 tickets had nothing to change.');
});

test.each([
  ['resolve', '--notes'],
  ['reopen', '--reason'],
  ['severity', 'low', '--reason'],
])('a text that is too long changes nothing: %s', async (change, ...args) => {
  if (change === 'reopen')
    await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = now(), resolution_notes = 'n'`.execute(
      db,
    );
  const before = await rows();
  const long = 'x'.repeat(10_001);
  const many = await bulk(change, ...args, long, '--bot', 'watch', '--yes', '7');
  const one = await roundsman(url, 'tickets', change, 'T-1', '--as', 'ann', ...args, long);
  for (const { code, err } of [many, one]) {
    expect(code).toBe(2);
    expect(err).toContain('the text has 10001 characters, and may have 10000 at most');
  }
  expect(await rows()).toEqual(before);
});

test('a ticket that changes while its resolution waits for a run to end is left as it is, and told', async () => {
  const { tickets } = await findForBulk(db, 'resolve', { bot: 'other' });
  const all = await whileHeld(db, sql`SELECT FROM bots`, async () => {
    const done = changeInBulk(ann, tickets, { change: 'resolve', notes: 'done' });
    await expect.poll(waiting(db)).toBe(1);
    await assignTicket(
      { ...ann, actor: { ...ann.actor, name: 'bob' } },
      { ticket: 'T-8', who: 'bob' },
    );
    return { done };
  });
  expect(await all.done).toMatchObject({
    changed: [],
    failed: [
      { error: { why: expect.stringMatching(/^bob assigned it .*: it is assigned to bob$/) } },
    ],
  });
  expect((await rows())[7]).toMatchObject({ status: 'assigned', resolved_at: null });
});

test('each change is made on all of them, and on no other one', async () => {
  const does = async (change: string, ...args: string[]) => {
    const { code, out, err } = await bulk(change, '--bot', 'watch', '--yes', '7', ...args);
    expect({ code, err }).toMatchObject({ code: 0 });
    return out;
  };
  expect(await does('ack')).toContain('Acknowledged 7 tickets.');
  expect(await how('acknowledged_by')).toEqual(seven('ann'));
  expect(await does('ack')).toContain('7 tickets had nothing to change.');
  await does('assign', 'bob');
  expect(await how('assigned_to')).toEqual(seven('bob'));
  await does('unassign');
  expect(await how('assigned_to')).toEqual(seven(null));
  await does('severity', 'low', '--reason', 'a test system');
  expect(await how('severity_override')).toEqual(seven('low'));
  await does('comment', 'asked the provider');
  await does('snooze', '--for', '4h');
  expect(await how('snoozed_by')).toEqual(seven('ann'));
  await does('resolve', '--snoozed', '--notes', 'mended');
  expect(await how('resolution_notes')).toEqual(seven('mended'));
  await does('reopen', '--reason', 'still there');
  await does('resolve', '--notes', 'mended again');
  await does('close');
  expect(await how('status')).toEqual([...Array<string>(7).fill('closed'), 'open']);
  const { count } = await db
    .selectFrom('bot_ticket_events')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('event', '=', 'commented')
    .executeTakeFirstOrThrow();
  expect(count).toBe('7');
  const none = await bulk('close', '--bot', 'watch', '--yes', '0');
  expect(none).toMatchObject({ code: 0, out: expect.stringContaining('No such ticket') });
});

test('as one document, with what could not be changed', async () => {
  await sql`UPDATE bots SET status = 'disabled', removed_at = engine.now() WHERE name = 'other'`.execute(
    db,
  );
  await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolution_notes = 'x'`.execute(
    db,
  );
  const given = ['--status', 'resolved', '--yes', '8', '--reason', 'x'];
  const { code, json } = await bulk('reopen', ...given, '--json');
  expect(code).toBe(1);
  const done = json();
  expect(done.changed).toHaveLength(7);
  expect(done.failed).toMatchObject([{ number: '8', why: 'its bot was removed' }]);
  await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolution_notes = 'x'`.execute(
    db,
  );
  const told = await bulk('reopen', ...given);
  expect(told.code).toBe(1);
  expect(told.out).toContain('T-8 was not reopened: its bot was removed.');
});

test.each(['ack', 'resolve'] as const)(
  'what another person changed since it was listed is left as it is, and told: %s',
  async (change) => {
    const { tickets } = await findForBulk(db, change, { bot: 'watch' });
    await acknowledgeTicket({ ...ann, actor: { ...ann.actor, name: 'bob' } }, { ticket: 'T-3' });
    const [, , , fourth] = await rows();
    await resolveTicket(
      { ...ann, actor: { ...ann.actor, name: 'carl' } },
      { ticket: fourth!, cure: undefined, notes: 'mended' },
    );
    const done = await changeInBulk(
      ann,
      tickets,
      change === 'ack' ? { change } : { change, notes: 'all of them' },
    );
    expect(done.changed).toHaveLength(5);
    expect(done.failed.map(({ ticket, error }) => [ticket.number, error.why]).toSorted()).toEqual([
      ['3', expect.stringMatching(/^bob acknowledged it/)],
      ['4', expect.stringMatching(/^carl resolved it/)],
    ]);
    expect((await rows())[2]).toMatchObject({ acknowledged_by: 'bob', status: 'open' });
  },
);

test('merged tickets are left out, and more than can be looked at is refused', async () => {
  await roundsman(url, 'tickets', 'merge', 'T-2', 'T-3', '--into', 'T-1');
  const { tickets } = await findForBulk(db, 'ack', { bot: 'watch' });
  expect(tickets.map(({ number }) => number)).toEqual(['1', '4', '5', '6', '7']);
  await sql`
    INSERT INTO bot_tickets (bot_id, fingerprint, severity, title, description)
    SELECT bot_id, 'more-' || n, 'low', 'x', 'x' FROM bot_tickets, generate_series(1, 10000) n WHERE number = 1`.execute(
    db,
  );
  await expect(findForBulk(db, 'ack', { bot: 'watch' })).rejects.toMatchObject({
    why: '10005 tickets are meant, and at most 10000 can be changed at once',
  });
});

describe.skipIf(!hasTerminal)('in a terminal', () => {
  test.each([
    ['y', seven('ann')],
    ['n', Array(8).fill(null)],
  ])('%s is an answer', async (answer, acknowledged) => {
    const { code, asked } = await inTerminal(
      url,
      ['tickets', 'bulk', 'ack', '--bot', 'watch', '--as', 'ann'],
      [['Acknowledge 7 tickets? [y/N]: ', `${answer}${keys.enter}`]],
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    expect(await how('acknowledged_by')).toEqual(acknowledged);
  });
});
