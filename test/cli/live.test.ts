/** What the screen of `up` and a round say at their foot when nothing is left to do. */
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { firstTexts, needsInRoom } from '../../src/cli/status/in-room.ts';
import { endedLines, liveBlock, roomFor, roomForNeeds } from '../../src/cli/status/live.ts';
import type { LiveStatus, LiveTicket } from '../../src/services/status/live.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';
import { insertFinding } from './rows.ts';

const checkout = install('slow-bots.ts');

const ticket = (values: Partial<LiveTicket>): LiveTicket => ({
  number: '1',
  severity: 'high',
  title: 'a title',
  assigned_to: null,
  reopened_at: null,
  ...values,
});

const quiet: LiveStatus = {
  now: new Date(),
  mode: 'safe',
  bots: [],
  bot_count: 0,
  open_tickets: 0,
  snoozed_tickets: 0,
  assigned_tickets: 0,
  tickets: [],
  maintenance: { windows: 0, findings: 0, tickets: 0 },
  silences: { silences: 0, findings: 0, tickets: 0 },
};

test('a run that says how far it is shows that, and never more than it has done', () => {
  const bot = {
    name: 'ledger',
    status: 'active' as const,
    status_reason: null,
    schedule_cron: '* * * * *',
    next_execution_at: new Date(),
    last_status: 'running',
    last_started_at: new Date(Date.now() - 3_000),
    open_findings: 0,
  };
  const lineWith = (share: number | null) =>
    liveBlock({ ...quiet, bots: [{ ...bot, share }], bot_count: 1 }, [], 80);
  expect(lineWith(null)).toMatch(/running 3s ago/);
  expect(lineWith(0.9999)).toMatch(/running 99 %/);
  expect(lineWith(1)).toMatch(/running 100 %/);
});

test('the screen says that nothing needs a person only where nothing does', () => {
  expect(liveBlock(quiet, [], 80)).toContain('Nothing needs you.');
  const held = { ...quiet, maintenance: { windows: 1, findings: 3, tickets: 0 } };
  expect(liveBlock(held, [], 100)).not.toContain('Nothing needs you.');
  expect(liveBlock(held, [], 100)).toContain('1 maintenance window holds back 3 findings');
  const hidden = { ...quiet, silences: { silences: 2, findings: 1, tickets: 1 } };
  expect(stripVTControlCharacters(liveBlock(hidden, [], 100))).toContain(
    'Nothing needs you now.\n2 silences hide 1 finding and 1 ticket: `npx roundsman silences list`\n',
  );
  const waiting =
    '2 due runs wait, the longest for 5m (watch), although their bots have a free place';
  const needs = needsInRoom([waiting], { ...roomForNeeds(24), columns: 40 });
  const block = stripVTControlCharacters(liveBlock(quiet, needs, 40));
  expect(block).not.toContain('Nothing needs you');
  expect(block).toContain(
    '2 due runs wait, the longest for 5m\n  (watch), although their bots have a\n  free place\n',
  );
  expect(Math.max(...block.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  const tickets = [ticket({ number: '7', severity: 'low', title: 'a title' })];
  const open = liveBlock({ ...quiet, open_tickets: 1, tickets }, [], 80);
  expect(open).not.toContain('Nothing needs you');
  expect(open).toContain('T-7');
});

test.each([80, 40])('in %i columns the line of an ended run ends between words', (columns) => {
  const run = {
    id: 'a',
    name: 'a-bot-with-a-name-as-long-as-names-of-bots-may-well-be',
    status: 'success',
    reason: null,
    error_message: null,
    checks_performed: 3,
    issues_found: 2,
    actions_taken: 1,
    execution_time_ms: 216,
    completed_at: new Date(0),
  };
  const lines = endedLines(run, columns).map(stripVTControlCharacters);
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  const words = lines.flatMap((line) => line.trim().split(/ +/));
  expect(words).toEqual(
    expect.arrayContaining(['success', '2', 'findings,', '1', 'action', '216']),
  );
});

test('no line is wider than the terminal, whatever stands in it', () => {
  const bot = {
    name: 'a-bot-with-a-long-name',
    status: 'active' as const,
    status_reason: null,
    schedule_cron: '* * * * *',
    next_execution_at: new Date(Date.now() + 3_600_000),
    last_status: 'cancelled',
    last_started_at: new Date(0),
    open_findings: 12_345,
    share: null,
  };
  const bots = [
    bot,
    { ...bot, status: 'error' as const, status_reason: 'r'.repeat(90) },
    {
      ...bot,
      name: '見張り見張り見張り見張り',
      status: 'error' as const,
      status_reason: '🔥'.repeat(50),
    },
  ];
  const tickets = [
    ticket({ number: '7777777', severity: 'critical', title: 't'.repeat(90) }),
    ticket({ severity: 'critical', title: '日本👨‍👩‍👧'.repeat(20) }),
  ];
  const full = { ...quiet, bots, bot_count: 40, open_tickets: 9, tickets };
  for (const columns of [20, 40, 80])
    for (const line of liveBlock(full, ['n'.repeat(90)], columns).split('\n'))
      expect(stringWidth(line)).toBeLessThanOrEqual(columns);
});

test.each([80, 60, 40])('in %i columns a command is never cut or divided', (columns) => {
  const commands = ['`npx roundsman doctor`', '`npx roundsman bots edit quick`'];
  const needs = needsInRoom(
    [
      `2 due runs wait, the longest for 5m (watch), although their bots have a free place: ${commands[0]} finds out where runs stop`,
      `1 bot in error for 5m: correct the definition with ${commands[1]}`,
    ],
    { ...roomForNeeds(40), columns },
  );
  const live = {
    ...quiet,
    open_tickets: 12_345,
    assigned_tickets: 6_789,
    maintenance: { windows: 2, findings: 12_345, tickets: 6_789 },
    silences: { silences: 2, findings: 12_345, tickets: 6_789 },
  };
  const lines = stripVTControlCharacters(liveBlock(live, needs, columns)).split('\n');
  for (const command of [
    ...commands,
    '`npx roundsman maintenance list`',
    '`npx roundsman silences list`',
    '`npx roundsman tickets list`',
  ])
    expect(
      lines.some((line) => line.includes(command)),
      `${command}\n${lines.join('\n')}`,
    ).toBe(true);
});

test('needs that have no room are counted, and of the first nothing is left out', () => {
  const needs = needsInRoom(['a '.repeat(100), 'b', 'c'], { rows: 2, maxRows: 9, columns: 40 });
  expect(needs.map(stripVTControlCharacters).at(-1)).toBe('… and 2 more: npx roundsman status');
  expect(needs.join(' ').match(/a/g)!.length).toBeGreaterThanOrEqual(100);
  expect(needsInRoom(['a '.repeat(100)], { rows: 1, maxRows: 2, columns: 40 })).toHaveLength(2);
  expect(needsInRoom([], { rows: 1, maxRows: 1, columns: 40 })).toEqual([]);
  const lines = [['a'], ['b'], ['c']];
  expect(firstTexts(lines, 2).map(stripVTControlCharacters)).toEqual(['a', '… and 2 more']);
  expect(firstTexts(lines, 1).map(stripVTControlCharacters)).toEqual(['… and 3 more']);
  expect(firstTexts(lines, 0)).toEqual([]);
});

test('tickets stand in columns, whatever their numbers are, and a reopened one says so', () => {
  const tickets = [
    ticket({ number: '5024', severity: 'critical', title: 'the first' }),
    ticket({ number: '1234567', severity: 'low', title: 'came back', reopened_at: new Date(0) }),
    ticket({ number: '7', severity: 'medium', title: 'a title with 30 words '.repeat(9) }),
  ];
  const lines = liveBlock({ ...quiet, open_tickets: 3, tickets }, [], 60)
    .split('\n')
    .map(stripVTControlCharacters);
  expect(lines.filter((line) => line.startsWith('T-'))).toEqual([
    'T-5024     critical  the first',
    'T-1234567  low       reopened: came back',
    'T-7        medium    a title with 30 words a title with 30…',
  ]);
});

test('needs take their lines from bots and tickets', () => {
  const [without, beside] = [roomFor(40), roomFor(40, 5)];
  expect(beside.bots + beside.tickets).toBe(without.bots + without.tickets - 5);
});

test('a round speaks for itself and for nothing else', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const round = async () => {
    const { ended, heard } = roundsman(checkout, { DATABASE_URL: url }, 'round', 'quick');
    await ended;
    expect(heard.out).not.toContain('Nothing needs you');
    return heard.out;
  };
  const well = await round();
  expect(well).toContain('\nNothing that this round found needs a person.\n');
  expect(well).toContain('Everything that was checked is as it should be.');
  // What waits for events is open, though no check reports it now.
  const { id } = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', 'quick')
    .executeTakeFirstOrThrow();
  await insertFinding(db, id, 'of yesterday');
  const unsure = await round();
  expect(unsure).not.toContain('as it should be');
  expect(unsure).toContain('Nothing new was found. 1 problem from before is still open, because');
  await db.updateTable('bots').set({ api_endpoint: '/api/bots/nowhere' }).execute();
  expect(await round()).toContain('needs a person; but not every bot could run.');
});
