/** `status --watch`, and bars and timelines, in a real terminal; and what there is of them without one. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { openProxy } from '../support/proxy.ts';
import { openScreen } from '../support/screen.ts';
import { commandOf, hasTerminal, inTerminal, inTerminalOf, keys } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertRun } from './rows.ts';

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'ledger');
let run = '';
for (const minutes of [9, 6, 3]) {
  const at = sql<Date>`engine.now() - make_interval(mins => ${minutes}, secs => 2)`;
  run = await insertRun(db, bot, minutes, {
    status: minutes === 6 ? 'failed' : 'success',
    execution_time_ms: minutes * 100,
    queued_at: at,
    metadata: JSON.stringify({ checks: [{ name: 'sum', status: 'passed', ms: 300 }] }),
  });
}
await insertFinding(db, bot, 'the sum is wrong');

test('without a terminal it is a usage error that says what to use', async () => {
  const { code, out, err } = await roundsman(url, 'status', '--watch');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/--watch cannot be used here/);
  expect(err).toContain('npx roundsman status --json');
  expect((await roundsman(url, 'status', '--watch', '--json')).code).toBe(2);
});

test.skipIf(!hasTerminal)('a terminal that cannot draw over what it shows is refused', async () => {
  const { code, shown } = await inTerminal(url, ['status', '--watch'], [], { TERM: 'dumb' });
  expect(code).toBe(2);
  expect(shown).toContain('TERM=dumb');
});

test.skipIf(!hasTerminal).each([
  ['q', 'q', 0],
  ['Ctrl-C', keys.interrupt, 0],
  ['SIGTERM', 'signal:SIGTERM', 143],
])('%s ends it, and what it showed last stays', async (_, typed, exit) => {
  const { code, shown, asked } = await inTerminal(
    url,
    ['status', '--watch'],
    [['q or Ctrl-C ends', typed]],
  );
  expect({ code, asked }).toEqual({ code: exit, asked: true });
  // Once on the screen, and once behind it.
  expect(shown.split('Roundsman at ').length).toBeGreaterThan(2);
  expect(shown.split('q or Ctrl-C ends')).toHaveLength(2);
});

test.skipIf(!hasTerminal).each([
  ['keys that come together are', 'quit'],
  ['what is pasted is', '\u001B[200~q\u001B[201~'],
])('%s no keys', async (_, typed) => {
  const { code, asked } = await inTerminal(
    url,
    ['status', '--watch'],
    [
      ['q or Ctrl-C ends', typed],
      ['Roundsman at', 'q'],
    ],
  );
  expect({ code, asked }).toEqual({ code: 0, asked: true });
});

const footer = 'q or Ctrl-C ends';

test.skipIf(!hasTerminal)('Ctrl-Z stops it, and it goes on where fg continues it', async () => {
  const screen = await openScreen(url, [], { shell: true });
  await screen.shows('ready>');
  screen.press(`${commandOf(['status', '--watch'])}${keys.enter}`);
  await screen.shows(footer);
  screen.press(keys.suspend);
  await screen.shows('Stopped');
  expect(screen.isRestored()).toBe(true);
  screen.press(`fg${keys.enter}`);
  await screen.shows(footer);
  screen.press('q');
  await screen.hides(footer);
  screen.press(`echo "code=$?"${keys.enter}`);
  await screen.shows('code=0');
  expect(screen.isRestored()).toBe(true);
});

test.skipIf(!hasTerminal)('it fits the terminal again after each resize', async () => {
  const screen = await openScreen(url, ['status', '--watch']);
  await screen.shows(footer);
  for (const [columns, rows] of [
    [200, 60],
    [40, 10],
    [10, 2],
    [80, 24],
  ] as const) {
    screen.bytes();
    screen.resize(columns, rows);
    await expect.poll(() => screen.bytes(), { timeout: 20_000 }).toContain('\u001B[?2026l');
  }
  await screen.shows(footer);
  screen.press('q');
  expect(await screen.ended).toBe(0);
  expect(screen.isRestored()).toBe(true);
});

test.skipIf(!hasTerminal)(
  'while the database is away it says so, and goes on when it answers',
  async () => {
    const proxy = await openProxy(url);
    const screen = await openScreen(proxy.url, ['status', '--watch']);
    await screen.shows(footer);
    proxy.leadTo('postgres://127.0.0.1:1/');
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'roundsman cli'`.execute(db);
    await screen.shows(/cannot be read/);
    proxy.leadTo(url);
    await screen.shows('Roundsman at');
    await screen.hides('cannot be read');
    proxy.freeze();
    await screen.shows(/has not answered/);
    screen.press('q');
    expect(await screen.ended).toBe(0);
    expect(screen.isRestored()).toBe(true);
  },
  60_000,
);

test.skipIf(!hasTerminal)(
  'a run shows when it did what, in the width of the terminal',
  async () => {
    const { code, shown } = await inTerminalOf(80, url, ['runs', 'show', run]);
    expect(code).toBe(0);
    const lines = shown.split(/\r?\n/);
    const at = lines.indexOf('Timeline');
    expect(lines.slice(at + 1, at + 5)).toEqual([
      expect.stringMatching(/^queued +#+\.* +2\.0 s$/),
      expect.stringMatching(/^checked +\.+#+ +300 ms$/),
      expect.stringMatching(/^recorded +\.+[|#]\.*$/),
      expect.stringMatching(/^ended +\.+[|#]\.*$/),
    ]);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  },
);

test.skipIf(!hasTerminal)('lists have bars on a terminal, and none in a pipe', async () => {
  const runs = await inTerminalOf(80, url, ['runs', 'list']);
  expect(runs.shown).toMatch(/^ledger +.x. +300 ms to 900 ms/m);
  const findings = await inTerminalOf(80, url, ['findings', 'list']);
  expect(findings.shown).toMatch(/New per day, 14 days to .* at\s+most 1, on/);
  const status = await inTerminalOf(80, url, ['status']);
  expect(status.shown).toMatch(/^ledger +.x. +1 of 3 failed +900 ms/m);
  for (const args of [['runs', 'list'], ['findings', 'list'], ['runs', 'show', run], ['status']]) {
    const { out } = await roundsman(url, ...args);
    expect(out).not.toMatch(/[▁▂▃▄▅▆▇█]|New per day|Timeline|Oldest to newest/);
  }
});

test('the document of status has the figures behind the bars', async () => {
  const document = (await roundsman(url, 'status', '--json')).json();
  expect(document).toMatchObject({
    last_runs: [{ name: 'ledger', p95_ms: 900, timed: 3, runs: [{}, { status: 'failed' }, {}] }],
    queue: { due: 0, later: 0, since: null },
    scheduler_lag: { p95_ms: null, newest_ms: null, slots: 0 },
    clock_skew_ms: expect.any(Number),
    bot_notifications: { pending: 0, pending_since: null },
  });
  expect(Math.abs(document.clock_skew_ms)).toBeLessThan(60_000);
});
