/** What `status --watch` draws: no more than there is room for, and nothing that could leave its line. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { statusBlock, unknownBlock } from '../../src/cli/status/block.ts';
import { showStatus } from '../../src/services/status/show.ts';
import { testDatabase } from '../support/database.ts';
import { ago, insertBot, insertNode, insertRun, insertTicket } from './rows.ts';

const { db } = await testDatabase();
const hostile = 'a\u001B[2J\u001B[31mb\r\nc\u202Ed';
const bot = await insertBot(db, 'ledger');
await insertBot(db, 'other', { status: 'error', status_reason: hostile });
for (const [minutes, status] of [
  [9, 'success'],
  [6, 'failed'],
  [3, 'success'],
] as const)
  await insertRun(db, bot, minutes, { status, execution_time_ms: minutes * 100 });
await insertNode(db, 'up');
await insertTicket(db, bot, hostile, { severity: 'critical', respond_by: ago(5) });
const read = await showStatus(db);
// As rows of another origin may have them.
const status = {
  ...read,
  mode: { ...read.mode, mode: hostile },
  lastRuns: [...read.lastRuns, { name: `${hostile} 日本語`, runs: [], p95_ms: null, timed: 0 }],
};

const linesIn = (rows: number, columns: number) =>
  statusBlock(status, { rows, columns }).map(stripVTControlCharacters);

test('fits any terminal, whatever stands in its rows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 300 }),
      (rows, columns) => {
        const block = statusBlock(status, { rows, columns });
        expect(block.length).toBeLessThanOrEqual(rows);
        for (const line of block) {
          expect(stringWidth(line)).toBeLessThanOrEqual(columns);
          // Colours, and no other control.
          // oxlint-disable-next-line no-control-regex
          expect(line.replaceAll(/\u001B\[[\d;]*m/g, '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      },
    ),
  );
});

test('in 80x24 it says what needs a person before everything else, and how to end it', () => {
  const lines = linesIn(24, 80);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines[0]).toMatch(/^Roundsman at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  expect(lines[1]).toMatch(/past its response target/);
  expect(lines.at(-1)).toBe('q or Ctrl-C ends');
  expect(lines.some((line) => /^Tickets +1 open, 1 past their response target/.test(line))).toBe(
    true,
  );
});

const commandsIn = (text: string) => text.match(/`npx [^`]+`/g) ?? [];

test.each([80, 60])('in %i columns a command is never cut or divided', (columns) => {
  const lines = linesIn(60, columns);
  const commands = read.needed.flatMap((need) => commandsIn(need.try));
  expect(commands).toContain('`npx roundsman tickets show T-1`');
  expect(commands.length).toBeGreaterThan(2);
  for (const command of [...commands, '`npx roundsman notify set FILE`'])
    expect(
      lines.some((line) => line.includes(command)),
      `${command}\n${lines.join('\n')}`,
    ).toBe(true);
});

const long = {
  kind: 'read_only',
  what: 'the database takes no writes, because it is a standby; nothing runs, and it is not known which processes are alive',
  try: 'let DATABASE_URL name the primary server, or check whether its disk is full and where default_transaction_read_only is set (server, database or role); processes that are alive then go on by themselves, and `npx roundsman doctor` looks at the rest',
} as const;

test.each([80, 60])(
  'in %ix24 the first need is there as a whole, however long it is',
  (columns) => {
    const needed = [long, ...read.needed];
    const lines = statusBlock({ ...status, needed }, { rows: 24, columns }).map(
      stripVTControlCharacters,
    );
    const words = lines.map((line) => line.trim()).join(' ');
    expect(words).toContain(`${long.what}: ${long.try}`);
    expect(lines).toContainEqual(expect.stringMatching(/^… and \d more: npx roundsman status$/));
  },
);

test('of more bots than there is room for it shows as many as there are rows', () => {
  const lastRuns = Array.from({ length: 99 }, () => status.lastRuns[0]!);
  for (const rows of [36, 40, 60]) {
    const lines = statusBlock({ ...status, lastRuns }, { rows, columns: 80 });
    expect(lines).toHaveLength(rows);
    expect(stripVTControlCharacters(lines.at(-2)!)).toMatch(/and \d+ more$/);
  }
});

test('with room it shows the last runs of each bot, their failures and how long they took', () => {
  const lines = linesIn(60, 120);
  expect(lines.find((line) => line.startsWith('ledger'))).toMatch(
    /^ledger +.x. +1 of 3 failed, p95 900 ms$/,
  );
  expect(lines.some((line) => line.endsWith('has not run yet, p95 unknown'))).toBe(true);
});

test('while the database is away nothing of what it said stays', () => {
  expect(
    unknownBlock(`gone: ${hostile}`, { rows: 24, columns: 80 }).map(stripVTControlCharacters),
  ).toEqual([expect.stringMatching(/^gone: a/), 'what runs now is not known', 'q or Ctrl-C ends']);
});

const figureOf = (lines: string[], label: string) => lines.find((line) => line.startsWith(label));

test('figures are whole where they have room, and are cut before last runs are', () => {
  const lag = { p95_ms: 97, newest_ms: 30, slots: 120 };
  const draw = (rows: number, needed = status.needed) =>
    statusBlock({ ...status, lag, needed }, { rows, columns: 60 }).map(stripVTControlCharacters);
  const words = draw(60)
    .map((line) => line.trim())
    .join(' ');
  expect(words).toContain(
    'claimed 95 % of the newest 120 slots within 97 ms of their time, the last one 30 ms',
  );
  const few = draw(20, []);
  expect(figureOf(few, 'Scheduler')).toMatch(/…$/);
  expect(figureOf(few, 'ledger')).toMatch(/p95 900 ms$/);
});

test('of few slots it names no share', () => {
  const lag = { p95_ms: 97, newest_ms: 30, slots: 2 };
  const lines = statusBlock({ ...status, lag }, { rows: 60, columns: 120 });
  expect(lines.map(stripVTControlCharacters)).toContainEqual(
    expect.stringMatching(
      /^Scheduler +claimed the newest 2 slots within 97 ms of their time, the last one 30 ms$/,
    ),
  );
});

test('where rows are free it lists the worst tickets, and says how many more there are', () => {
  const ticket = (number: string) => ({
    ...read.tickets.top[0]!,
    number,
    title: `title ${number}`,
  });
  const tickets = {
    ...read.tickets,
    all: 9,
    snoozed: 2,
    top: ['1', '2', '3'].map((number) => ticket(number)),
  };
  const draw = (rows: number) =>
    statusBlock({ ...status, tickets, needed: [] }, { rows, columns: 120 }).map(
      stripVTControlCharacters,
    );
  const wide = draw(60);
  expect(wide.slice(-5, -1)).toEqual([
    'T-1  critical  title 1',
    'T-2  critical  title 2',
    'T-3  critical  title 3',
    '… and 4 more: npx roundsman tickets list',
  ]);
  const rows = wide.length - 2;
  expect(draw(rows).slice(-3, -1)).toEqual([
    'T-1  critical  title 1',
    '… and 6 more: npx roundsman tickets list',
  ]);
  expect(draw(rows)).toHaveLength(rows);
  expect(draw(rows - 2).join('\n')).not.toContain('more: npx roundsman tickets list');
});
