/** What the screen of `up` and a round say at their foot when nothing is left to do. */
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { liveBlock, roomFor } from '../../src/cli/status/live.ts';
import type { Live, LiveTicket } from '../../src/services/status/live.ts';
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

const quiet: Live = {
  now: new Date(),
  mode: 'safe',
  bots: [],
  bot_count: 0,
  open_tickets: 0,
  snoozed_tickets: 0,
  assigned_tickets: 0,
  tickets: [],
  maintenance: { windows: 0, findings: 0, tickets: 0 },
};

test('the screen says that nothing needs a person only where nothing does', () => {
  expect(liveBlock(quiet, [], 80)).toContain('Nothing needs you.');
  const held = { ...quiet, maintenance: { windows: 1, findings: 3, tickets: 0 } };
  expect(liveBlock(held, [], 100)).not.toContain('Nothing needs you.');
  expect(liveBlock(held, [], 100)).toContain('1 maintenance window holds back 3 findings');
  const waiting =
    '2 due runs wait, the longest for 5m (watch), although their bots have a free place';
  const block = liveBlock(quiet, [waiting], 40);
  expect(block).not.toContain('Nothing needs you');
  expect(block.split('\n').map(stripVTControlCharacters)).toContain(
    '2 due runs wait, the longest for 5m…',
  );
  expect(Math.max(...block.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  const tickets = [ticket({ number: '7', severity: 'low', title: 'a title' })];
  const open = liveBlock({ ...quiet, open_tickets: 1, tickets }, [], 80);
  expect(open).not.toContain('Nothing needs you');
  expect(open).toContain('T-7');
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
