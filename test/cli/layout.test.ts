/** What a person reads in a terminal of 80 or 60 columns. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminalOf, keys } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'ledger', { api_endpoint: '/api/bots/ledger' });
const ticket = await insertTicket(db, bot, 'Part a is broken');

const linesOf = async (columns: number, ...args: string[]) => {
  const { code, shown } = await inTerminalOf(columns, url, args);
  expect(code, shown).toBe(0);
  const lines = shown.split(/\r?\n/).map((line) => line.trimEnd());
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
  return lines;
};

test.skipIf(!hasTerminal).each([80, 60])(
  'a comment is read whole in %i columns, in the history and beside the ticket',
  async (columns) => {
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`);
    await roundsman(url, 'tickets', 'comment', ticket, words.join(' '));
    for (const command of ['history', 'show']) {
      const shown = (await linesOf(columns, 'tickets', command, ticket)).join(' ');
      expect(shown.match(/word\d+/g)).toEqual(expect.arrayContaining(words));
    }
  },
);

test.skipIf(!hasTerminal).each([80, 60])(
  'what is told of a storm and a run in %i columns has words and a header',
  async (columns) => {
    await sql`INSERT INTO bot_ticket_events (ticket_id, event, actor, detail)
      SELECT id, 'resolved', 'engine', ${JSON.stringify({ execution_id: 'dca304fa-0000-4000-8000-000000000000', storm: { of: 8, most: 7, broken: 1 } })}::jsonb
      FROM bot_tickets WHERE number = ${Number(ticket.slice(2))}`.execute(db);
    const lines = await linesOf(columns, 'tickets', 'history', ticket);
    expect(lines.find((line) => line.startsWith('When'))).toMatch(/Detail$/);
    const detail = lines.join(' ').replaceAll(/\s+/g, ' ');
    for (const part of ['run: dca304fa', 'storm: 1 of 8']) expect(detail).toContain(part);
    expect(detail).not.toContain('{"');
  },
);

test.skipIf(!hasTerminal).each([80, 60])(
  'settings, checks and descriptions go on behind their indentation in %i columns',
  async (columns) => {
    for (const args of [
      ['bots', 'catalogue', 'sentinel-api'],
      ['bots', 'show', 'ledger'],
    ]) {
      const lines = await linesOf(columns, ...args);
      const from = lines.findIndex((line) => line === 'Settings');
      const until = lines.indexOf('', from);
      const settings = lines.slice(from + 1, until < 0 ? undefined : until);
      expect(settings.length).toBeGreaterThan(2);
      for (const line of settings.filter(Boolean)) expect(line).toMatch(/^ {2}/);
    }
  },
);

const long = 'The balance chain of user b1745f00 does not add up since the last settlement';

/** A finding that was healed with a ticket open, one that is silenced, and tickets of both, one of them reopened. */
async function manyStates() {
  await insertBot(db, 'sentinel-of-the-whole-api');
  const at = { affected_component: 'part-04' };
  const healed = await insertFinding(db, bot, long, { ...at, fingerprint: 'f1' });
  await sql`UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'escalated' WHERE id = ${healed}`.execute(
    db,
  );
  const quiet = await insertFinding(db, bot, `${long} again`, { ...at, fingerprint: 'f2' });
  await insertTicket(db, bot, `${long} again`, { fingerprint: 'f2', finding_id: quiet });
  const again = await insertTicket(db, bot, long, { fingerprint: 'f1', finding_id: healed });
  await roundsman(url, 'tickets', 'resolve', again, '--notes', 'mended');
  await roundsman(url, 'tickets', 'reopen', again, '--reason', 'it is still there');
  await sql`INSERT INTO bot_silences (owner, reason, until_resolved, fingerprint)
    VALUES ('ann', 'the provider mends the cable under the harbour tonight', true, 'f2')`.execute(
    db,
  );
  await insertRun(db, bot, 5);
}

/** The widths of columns, by their names: from the first line of a table. */
const columnsIn = (header: string) =>
  Object.fromEntries(
    [...header.matchAll(/(\S+)( *)/g)].map(([all, name]) => [name, all.length - 2]),
  );

let made: Promise<void> | undefined;

test.skipIf(!hasTerminal).each([
  ['findings', 'list', '--all'],
  ['tickets', 'list'],
])(
  '%s %s keeps title, age and reason in 80 columns, whatever states there are',
  async (...args) => {
    await (made ??= manyStates());
    const lines = await linesOf(80, ...args.filter((arg) => arg !== undefined));
    const header = lines.find((line) => line.includes('Title'))!;
    expect(columnsIn(header).Title, header).toBeGreaterThanOrEqual(20);
    if (args[0] === 'tickets') expect(header).toContain('Age');
    const words = lines.join(' ');
    for (const word of ['provider', 'cable', 'harbour', 'tonight']) expect(words).toContain(word);
  },
);

test.skipIf(!hasTerminal).each([60, 40])(
  'no list is wider than %i columns, and no name of a column is cut',
  { timeout: 90_000 },
  async (columns) => {
    await (made ??= manyStates());
    for (const args of [
      ['findings', 'list', '--all'],
      ['tickets', 'list'],
      ['runs', 'list'],
      ['bots', 'list'],
      ['bots', 'next'],
      ['silences', 'list'],
      ['jobs', 'list'],
      ['knowledge', 'list'],
      ['actions', 'list'],
    ]) {
      const [header = '', second = ''] = (await linesOf(columns, ...args)).filter(
        (line) => line !== '' && !line.startsWith('database: '),
      );
      expect(header, args.join(' ')).not.toMatch(/…|\.\.\./);
      // A name that is broken goes on in the second line, which then begins with nothing that a row begins with.
      expect(second, args.join(' ')).toMatch(/^\S|^$/);
    }
  },
);

const why = 'the provider moves the machines of the whole row into the new hall';

test.skipIf(!hasTerminal)(
  'in 80 columns each list keeps what is looked for first',
  { timeout: 90_000 },
  async () => {
    await (made ??= manyStates());
    const add = (...args: string[]) =>
      roundsman(
        url,
        'maintenance',
        'add',
        '--reason',
        why,
        '--yes',
        '--as',
        'night-operator',
        ...args,
      );
    await add('--bot', 'sentinel-of-the-whole-api', '--for', '2h', '--skip-runs');
    await add('--cron', '0 2 * * 0', '--timezone', 'Europe/Berlin', '--for', '1h');
    await insertRun(db, bot, 7, {
      status: 'failed',
      error_message: 'the server that it asks closed the connection before it answered',
      issues_found: 3,
    });
    for (const [args, columns] of [
      // When it is, whether it comes again, and why.
      [
        ['maintenance', 'list'],
        ['Window', 'When', 'Comes', 'Why'],
      ],
      [
        ['tickets', 'list'],
        ['Ticket', 'Severity', 'Title', 'Age'],
      ],
      [
        ['findings', 'list'],
        ['Finding', 'Severity', 'Title', 'Ticket'],
      ],
      [
        ['runs', 'list'],
        ['Run', 'Status', 'Started', 'Findings', 'Why'],
      ],
      [
        ['silences', 'list'],
        ['Silence', 'What', 'Until', 'Why'],
      ],
      [
        ['bots', 'list'],
        ['Bot', 'Status', 'Last run', 'Next run (UTC)', 'Open'],
      ],
      [
        ['jobs', 'list'],
        ['Job', 'Next (UTC)', 'Last run', 'Failed'],
      ],
    ] as [string[], string[]][]) {
      const lines = await linesOf(80, ...args);
      const header = lines.find((line) => line.startsWith(`${columns[0]} `)) ?? lines.join('\n');
      for (const column of columns) expect(header, args.join(' ')).toContain(column);
    }
    const maintenance = (await linesOf(80, 'maintenance', 'list'))
      .join(' ')
      .replaceAll(/\s+/g, ' ');
    for (const part of ['0 2 * * 0', 'once', 'until 20']) expect(maintenance).toContain(part);
  },
);

test.skipIf(!hasTerminal)('a word that is wider than a line stays in its column', async () => {
  const message = `it ended: ${'x'.repeat(200)}`;
  const run = await insertRun(db, bot, 5, { status: 'failed', error_message: message });
  const lines = await linesOf(80, 'runs', 'show', run);
  const from = lines.findIndex((line) => line.startsWith('Why '));
  const broken = lines.slice(from).filter((line) => /x{10}/.test(line));
  expect(broken.join('').replaceAll(/[^x]/g, '')).toHaveLength(200);
  for (const line of broken) expect(line).toMatch(/^(Why| {3,})/);
});

test.skipIf(!hasTerminal).each([80, 40])(
  'a question in %i columns is broken between words, and leaves room for the answer',
  async (columns) => {
    const question = /What runs, one of [^:]*: /;
    const { shown, asked } = await inTerminalOf(
      columns,
      url,
      ['bots', 'add', 'new-one'],
      [
        ['What runs, ', ''],
        [': ', keys.interrupt],
      ],
    );
    expect(asked, shown).toBe(true);
    const text = question.exec(shown)![0];
    const lines = text.split(/\r?\n/);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line.length, line).toBeLessThan(columns);
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(/architect|janitor/);
    for (const line of lines.slice(0, -1)) expect(line.trimEnd()).toMatch(/(,|\w)$/);
  },
);
