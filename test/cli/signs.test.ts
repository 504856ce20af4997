/** A terminal whose locale is not UTF-8 is sent ASCII, but for the texts of rows. */
import { expect, onTestFinished, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminalOf } from '../support/terminal.ts';
import { openScreen } from '../support/screen.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'ledger');
// A report cuts this name in its table, because a run of the bot failed.
const late = await insertBot(db, 'a-name-that-no-table-of-a-report-has-room-for');
await insertRun(db, late, 50, { status: 'failed', trigger: 'schedule', scheduled_for: ago(50) });
const run = await insertRun(db, bot, 5, { started_at: ago(6) });
for (const minutes of [10, 20, 30]) await insertRun(db, bot, minutes);
const long = 'the provider moves all of the machines of the whole row into the new hall '.repeat(2);
await insertFinding(db, bot, long);
const ticket = await insertTicket(db, bot, `${long} in Zürich`, { description: 'Zürich' });
await insertTicket(db, bot, long);

const commands = [
  ['status'],
  ['bots', 'list'],
  ['runs', 'list'],
  ['runs', 'show', run],
  ['findings', 'list'],
  ['tickets', 'list'],
  ['tickets', 'show', ticket],
  ['report'],
  ['import', 'error-log', '--help'],
  ['bots', 'catalogue', 'sentinel-api'],
];

const isAscii = (text: string) => /^\p{ASCII}*$/u.test(text);
const shownIn = async (LC_ALL: string, args: string[]) =>
  (await inTerminalOf(60, url, args, [], { LC_ALL })).shown;

test.skipIf(!hasTerminal).each(commands.map((args) => [args.join(' '), args] as const))(
  '%s says what it says in ASCII',
  async (_, args) => {
    for (const locale of ['C', 'POSIX']) {
      const shown = await shownIn(locale, args);
      expect(shown.length).toBeGreaterThan(40);
      expect(isAscii(shown.replaceAll('Zürich', '')), shown).toBe(true);
    }
  },
);

test.skipIf(!hasTerminal).each([
  [['status', '--watch'], 'q or Ctrl-C ends'],
  [['tickets', 'review'], 'q quit'],
])('the whole screen of %j has ASCII alone', async (args, foot) => {
  const screen = await openScreen(url, args, { columns: 60, env: { LC_ALL: 'C' } });
  await screen.shows(foot);
  expect(isAscii(screen.text().replaceAll('Zürich', '')), screen.text()).toBe(true);
  // Keys in the first moment of a ticket are ignored.
  const pressing = setInterval(() => screen.press('q'), 500);
  onTestFinished(() => clearInterval(pressing));
  expect(await screen.ended).toBe(0);
});

test.skipIf(!hasTerminal)('letters of a text from a row stay what they are', async () => {
  expect(await shownIn('C', ['tickets', 'show', ticket])).toContain('Zürich');
});

test.skipIf(!hasTerminal)('where the terminal shows more, it is sent more', async () => {
  expect(await shownIn('C', ['tickets', 'list'])).toContain('...');
  expect(await shownIn('C.UTF-8', ['tickets', 'list'])).toContain('…');
  expect(await shownIn('C.UTF-8', ['runs', 'list'])).toMatch(/[▁▂▃▄▅▆▇█]/);
});

test('a report cuts in ASCII', async () => {
  expect((await roundsman(url, 'report')).out).toMatch(/^a-name-\S+\.\.\. /m);
});
