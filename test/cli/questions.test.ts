/** What a person does at a question beside answering it: suspends the command, pastes several lines, types too early. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import {
  closedAt,
  commandOf,
  hasTerminal,
  inShell,
  inTerminal as inATerminal,
  keys,
  type Typed,
} from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let ticket: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, engine.secrets CASCADE`.execute(db);
  const bot = await insertBot(db, 'watch');
  const finding = await insertFinding(db, bot, 'nginx is down', { fingerprint: 'fp' });
  const of = { fingerprint: 'fp', finding_id: finding };
  ticket = await insertTicket(db, bot, 'nginx is down', of);
});

const named = (args: string[]) => args.map((arg) => (arg === 'TICKET' ? ticket : arg));

const inTerminal = (on: string, args: string[], typed: Typed, also: NodeJS.ProcessEnv = {}) =>
  inATerminal(on, named(args), typed, also);

const env = { ROUNDSMAN_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}` };

const comments = async () => {
  const rows = await db
    .selectFrom('bot_ticket_events')
    .select('detail')
    .where('event', '=', 'commented')
    .execute();
  return rows.map(({ detail }) => (detail as { text: string }).text);
};

const isRemoved = async () =>
  (await db.selectFrom('bots').select('removed_at').executeTakeFirstOrThrow()).removed_at !== null;

describe.skipIf(!hasTerminal)('Ctrl-Z', () => {
  const questions: [string, string[], string, string][] = [
    ['yes or no', ['bots', 'remove', 'watch'], '[y/N]: ', 'n'],
    ['a text', ['tickets', 'comment', 'TICKET'], 'Comment: ', 'restarted'],
    ['a secret', ['secrets', 'set', 'TOKEN'], 'shown): ', 'abcdefgh'],
  ];

  // As behind npx, or behind an older Node: a process waits for the command, and reads no keys.
  const behindAnother = (args: string[]) =>
    `ROUNDSMAN_KEYS='${env.ROUNDSMAN_KEYS}' sh -c ${JSON.stringify(`${commandOf(named(args))}; echo "ended=$?"`)}\r`;

  test.each(questions)(
    'at %s gives the terminal back, and fg asks on',
    async (_, args, question, answer) => {
      const { asked, shown } = await inShell(url, [
        ['ready> ', behindAnother(args)],
        [question, keys.suspend],
        ['Stopped', 'echo "$((40 + 2)) answers"\r'],
        ['42 answers', 'fg\r'],
        [question, `${answer}${keys.enter}`],
        ['ended=0', 'exit\r'],
      ]);
      expect({ asked, shown }).toMatchObject({ asked: true });
    },
  );

  test.each(questions)('at %s, fg and Ctrl-C end the command', async (_, args, question) => {
    const { asked, shown } = await inShell(url, [
      ['ready> ', behindAnother(args)],
      [question, keys.suspend],
      ['Stopped', 'fg\r'],
      [question, keys.suspend],
      ['Stopped', 'fg\r'],
      [question, keys.interrupt],
      ['nothing was changed', '\r'],
      ['ready> ', 'exit\r'],
    ]);
    expect({ asked, shown }).toMatchObject({ asked: true });
  });

  test.each(questions)(
    'at %s changes nothing where no shell could continue it',
    async (_, args, question, answer) => {
      const typed: [string, string][] = [
        [question, keys.suspend],
        [question, `${answer}${keys.enter}`],
      ];
      expect(await inTerminal(url, args, typed, env)).toMatchObject({ code: 0, asked: true });
    },
  );
});

describe.skipIf(!hasTerminal)('several lines that are pasted', () => {
  const lines = 'nginx was down\n\n  upstream: full disk\nrestarted';
  const pastes: [string, string][] = [
    ['with Enter behind them', lines.replaceAll('\n', '\r') + keys.enter],
    ['as a terminal without conversion sends them', `${lines}\n`],
    ['with the line ends of Windows', `${lines.replaceAll('\n', '\r\n')}\r\n`],
    ['as a bracketed paste', `\u001B[200~${lines.replaceAll('\n', '\r')}\u001B[201~${keys.enter}`],
    ['as one that ends with a line end', `\u001B[200~${lines}\n\u001B[201~`],
  ];

  test.each(pastes)('are one comment, %s', async (_, pasted) => {
    const { code } = await inTerminal(
      url,
      ['tickets', 'comment', 'TICKET'],
      [['Comment: ', pasted]],
    );
    expect(code).toBe(0);
    expect(await comments()).toEqual([lines]);
  });

  test('wait for the end of the last line, which the person writes on', async () => {
    const { code } = await inTerminal(
      url,
      ['tickets', 'comment', 'TICKET'],
      [
        ['Comment: ', 'nginx was down\rrestart'],
        ['restart', 'ed it\r'],
      ],
    );
    expect(code).toBe(0);
    expect(await comments()).toEqual(['nginx was down\nrestarted it']);
  });

  test('are the notes and what is learnt, and answer no other question', async () => {
    const { code, asked } = await inTerminal(
      url,
      ['tickets', 'resolve', ticket, '--learn'],
      [
        ['What was done: ', `${lines}\ny\n`],
        ['Learn this?', `y${keys.enter}`],
      ],
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    const { resolution_notes: notes } = await db
      .selectFrom('bot_tickets')
      .select('resolution_notes')
      .executeTakeFirstOrThrow();
    expect(notes).toBe(`${lines}\ny`);
    const entry = await db.selectFrom('bot_knowledge').select('solution').executeTakeFirstOrThrow();
    expect(JSON.stringify(entry.solution)).toContain('restarted');
  });

  test('are no yes', async () => {
    const { code } = await inTerminal(url, ['bots', 'remove', 'watch'], [['[y/N]: ', 'y\ry\r']]);
    expect(code).toBe(0);
    expect(await isRemoved()).toBe(false);
  });

  test.each([
    ['an endpoint', ['bots', 'add', 'mine'], 'What runs', '/api/bots/ledger\r@hourly\r'],
    [
      'a schedule',
      ['bots', 'add', 'mine', '--endpoint', '/api/bots/ledger'],
      'Schedule, in cron',
      '@hourly\r@daily\r',
    ],
    ['a category', ['knowledge', 'add', 'mine'], 'Category of', 'disk\rfull\r'],
  ])('are refused for %s, which is one line', async (_, args, question, pasted) => {
    const { code, asked, shown } = await inTerminal(url, args, [
      [question, pasted],
      ['error:', keys.interrupt],
    ]);
    expect({ code, asked, shown }).toEqual({
      code: 130,
      asked: true,
      shown: expect.stringContaining('several lines'),
    });
  });

  test('are refused for a secret, of which the first line would not be noticed to be all', async () => {
    const args = ['secrets', 'set', 'TOKEN'];
    const { code, shown } = await inTerminal(
      url,
      args,
      [['shown): ', 'first-line\rsecond-line\r']],
      env,
    );
    expect({ code, shown }).toEqual({ code: 2, shown: expect.stringContaining('standard input') });
    expect(shown).not.toMatch(/first-line|second-line/);
    expect(await sql`SELECT FROM engine.secrets`.execute(db)).toMatchObject({ rows: [] });
  });
});

describe.skipIf(!hasTerminal)('what is typed before a question is shown', () => {
  test('answers no yes or no', async () => {
    const { code, asked, shown } = await inTerminal(
      url,
      ['bots', 'remove', 'watch'],
      [
        ['pid=', 'y\r'],
        ['[y/N]: ', 'n\r'],
      ],
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    expect(shown).toContain('before the question');
    expect(await isRemoved()).toBe(false);
  });

  test('is no text', async () => {
    const { code, asked } = await inTerminal(
      url,
      ['tickets', 'comment', 'TICKET'],
      [
        ['pid=', 'ls -l\rcd '],
        ['Comment: ', 'restarted\r'],
      ],
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    expect(await comments()).toEqual(['restarted']);
  });

  test('is no secret', async () => {
    const { code, asked } = await inTerminal(
      url,
      ['secrets', 'set', 'TOKEN'],
      [
        ['pid=', 'ls -l\r'],
        ['shown): ', 'abcdefgh\r'],
      ],
      env,
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    const { out } = await roundsman(url, 'secrets', 'list', '-o', 'table');
    expect(out).toContain('TOKEN');
  });

  test('Ctrl-D before it leaves the question open, or ends it, and nothing is changed', async () => {
    const { code } = await inTerminal(
      url,
      ['bots', 'remove', 'watch'],
      [
        ['pid=', keys.end],
        ['[y/N]: ', keys.end],
      ],
    );
    expect(code).toBe(2);
    expect(await isRemoved()).toBe(false);
  });
});

describe.skipIf(!hasTerminal)('a terminal that closes at a question', () => {
  test.each<[string, string[], string]>([
    ['yes or no', ['bots', 'remove', 'watch'], '[y/N]: '],
    ['a text', ['tickets', 'comment', 'TICKET'], 'Comment: '],
    ['a reason', ['tickets', 'resolve', 'TICKET'], 'What was done: '],
    ['a silence', ['silences', 'add', '--bot', 'watch', '--for', '5m'], 'Why: '],
    ['a secret', ['secrets', 'set', 'TOKEN'], 'shown): '],
  ])('of %s ends the command with 130, and nothing is written', async (_, args, question) => {
    expect(await closedAt(question, url, named(args), env)).toBe(130);
    // The signal may come before the closed terminal is noticed.
    const { code } = await inTerminal(url, args, [[question, 'signal:SIGHUP']], env);
    expect(code).toBe(130);
    expect(await isRemoved()).toBe(false);
    for (const table of ['bot_silences', 'engine.secrets', 'bot_ticket_events'])
      expect((await sql`SELECT FROM ${sql.table(table)}`.execute(db)).rows.length, table).toBe(0);
  });
});

test.skipIf(!hasTerminal)('a comment is asked for only where the ticket is there', async () => {
  const { asked, shown } = await inTerminal(url, ['tickets', 'comment', 'T-999'], []);
  expect(shown).toContain('there is no ticket T-999');
  expect(shown).not.toContain('Comment: ');
  expect(asked).toBe(true);
});
