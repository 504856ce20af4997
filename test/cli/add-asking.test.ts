/** `bots add` and `knowledge add` in a terminal: they ask for what is missing, and show what would be before they write it. */
import { spawnSync } from 'node:child_process';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminal, inTerminalOf, keys, type Typed } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding } from './rows.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_findings CASCADE`.execute(db);
});

const bots = () => db.selectFrom('bots').selectAll().execute();
const entries = () => db.selectFrom('bot_knowledge').selectAll().execute();

/** The one command that is printed: one line, which only the terminal breaks, so that it is copied whole. */
const commandIn = (shown: string): string =>
  /the same as one command:\r?\n(npx roundsman .*?)\r?\nAdd it\?/.exec(shown)![1]!;

/** The words of a command, as a shell reads them. */
const wordsOf = (command: string): string[] =>
  spawnSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    .stdout.split('\0')
    .slice(0, -1);

const toTheEnd: Typed = [
  ['Name of the bot', 'night\r'],
  ['What runs', 'janitor\r'],
  ['Schedule, in cron', '30 2 * * *\r'],
  ['Zone of the schedule', 'Europe/Brelin\r'],
  ['Zone of the schedule', 'Europe/Berlin\r'],
  ['Go through', 'y\r'],
];

describe.skipIf(!hasTerminal)('bots add', () => {
  test('asks for all of it, checks each answer, and prints the same as one command', async () => {
    const { code, shown, asked } = await inTerminalOf(
      80,
      url,
      ['bots', 'add'],
      [
        ...toTheEnd,
        ['min_expired', 'many\r'],
        ['min_expired', '7\r'],
        ['open_game_hours', '\r'],
        ['open_visit_hours', '\r'],
        ['min_open', '\r'],
        ['rank_hours', '\r'],
        ['depends_on', '\r'],
        ['Add it? [y/N]: ', 'y\r'],
      ],
      { TZ: 'America/New_York' },
    );
    expect({ code, asked, shown }).toMatchObject({ code: 0, asked: true });
    const said = shown.replaceAll(/\s+/g, ' ');
    expect(said).toContain('did you mean Europe/Berlin');
    expect(said).toContain('takes a whole number');
    expect(said).toMatch(/it would run: At 02:30/i);
    // Berlin is six hours ahead of New York, and on some days of the year five.
    expect(shown.match(/ 02:30:00 +\w+ \S+ (?:20|21):30:00/g) ?? shown).toHaveLength(5);
    expect(shown).toMatch(/expired-sessions: passed/);
    const [added] = await bots();
    expect(added).toMatchObject({
      name: 'night',
      api_endpoint: '/api/bots/janitor',
      schedule_cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      config: { min_expired: 7 },
    });
    await sql`DELETE FROM bots`.execute(db);
    const again = await roundsman(url, ...wordsOf(commandIn(shown)).slice(2));
    expect(again).toMatchObject({ code: 0 });
    const { id: _, ...definition } = added!;
    expect((await bots())[0]).toMatchObject({
      name: definition.name,
      schedule_cron: definition.schedule_cron,
      timezone: definition.timezone,
      config: definition.config,
    });
  });

  test('under the name of a bot of the catalogue, Enter adds that one', async () => {
    const { code, asked } = await inTerminal(
      url,
      ['bots', 'add', 'janitor'],
      [
        ['What runs', '\r'],
        ['Schedule, in cron', '\r'],
        ['Zone of the schedule', '\r'],
        ['Go through', 'n\r'],
        ['Add it? [y/N]: ', 'y\r'],
      ],
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    expect(await bots()).toMatchObject([{ name: 'janitor', api_endpoint: '/api/bots/janitor' }]);
  });

  test('n at the end, and Ctrl-C at any question, leave nothing behind', async () => {
    const quick: Typed = [
      ['What runs', 'janitor\r'],
      ['Schedule, in cron', '\r'],
      ['Zone of the schedule', '\r'],
      ['Go through', 'n\r'],
      ['Add it? [y/N]: ', 'n\r'],
    ];
    const no = await inTerminal(url, ['bots', 'add', 'night'], quick);
    expect(no).toMatchObject({ code: 0, asked: true });
    expect(no.shown).toContain('nothing was added');
    for (let at = 0; at < quick.length; at += 1) {
      const left = await inTerminal(
        url,
        ['bots', 'add', 'night'],
        [...quick.slice(0, at), [quick[at]![0], keys.interrupt]],
      );
      expect(left).toMatchObject({ code: 130, asked: true });
    }
    expect(await bots()).toEqual([]);
  });
});

describe.skipIf(!hasTerminal)('knowledge add', () => {
  const answers: Typed = [
    ['Category of', 'disk\r'],
    ['Pattern in', 'disk .* full\r'],
    ['What helps', "it's rsync: empty /tmp\r"],
    ['Add it? [y/N]: ', 'y\r'],
  ];

  test('says what the pattern would have matched in the last 30 days, and prints one command', async () => {
    const bot = await insertBot(db, 'watch');
    for (const title of ['disk sda full', 'disk sdb full', 'disk is fine'])
      await insertFinding(db, bot, title, { fingerprint: title });
    const { code, shown, asked } = await inTerminalOf(
      80,
      url,
      ['knowledge', 'add', 'mine'],
      answers,
    );
    expect({ code, asked, shown }).toMatchObject({ code: 0, asked: true });
    expect(shown).toContain('would have matched 2 findings of 2 problems of the last 30 days');
    const [added] = await entries();
    await sql`TRUNCATE bot_knowledge CASCADE`.execute(db);
    const again = await roundsman(url, ...wordsOf(commandIn(shown)).slice(2));
    expect(again).toMatchObject({ code: 0 });
    const [second] = await entries();
    for (const column of ['category', 'issue_pattern', 'solution', 'autonomy'] as const)
      expect(second![column]).toBe(added![column]);
    expect(added!.solution).toBe("it's rsync: empty /tmp");
  });

  test('n at the end leaves nothing behind, in 40 columns', async () => {
    const { code, asked, shown } = await inTerminalOf(
      40,
      url,
      ['knowledge', 'add', 'mine'],
      [...answers.slice(0, -1), ['Add it? [y/N]: ', 'n\r']],
    );
    expect({ code, asked }).toEqual({ code: 0, asked: true });
    expect(shown).toContain('nothing was added');
    expect(await entries()).toEqual([]);
  });
});

test('where there is no terminal, what is missing is named, and nothing is written', async () => {
  for (const [args, missing] of [
    [['bots', 'add'], 'NAME'],
    [['bots', 'add', 'night'], '--endpoint'],
    [['bots', 'add', 'night', '--endpoint', 'janitor'], '--schedule'],
    [['knowledge', 'add'], 'NAME'],
    [['knowledge', 'add', 'mine', '--category', 'disk'], '--pattern'],
  ] as const) {
    const { code, err } = await roundsman(url, ...args);
    expect({ args, code, err }).toEqual({
      args,
      code: 2,
      err: expect.stringContaining(`${missing} is missing`),
    });
  }
  expect([await bots(), await entries()]).toEqual([[], []]);
});
