/** One habit for what is typed: durations, lists, unknown words, empty texts, options given twice. */
import { sql } from 'kysely';
import type { Option } from 'commander';
import { beforeEach, describe, expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { seconds } from '../../src/cli/arguments/durations.ts';
import { isList } from '../../src/cli/arguments/words.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

/** Each option of each command that takes a value. */
const valued = (): { option: Option; name: string }[] =>
  leavesOf(wholeProgram()).flatMap((command) =>
    command.options
      .filter((option) => option.required)
      .map((option) => ({ option, name: `${nameOf(command)} ${option.long}` })),
  );

const read = ({ option }: { option: Option }, text: string, before?: unknown) =>
  option.parseArg!(text, before);

/** As before anything was given: an option remembers its value. */
const fresh = (name: string) => valued().find((each) => each.name === name)!;

/** Two values that the option takes. */
function valuesOf({ name, option }: { name: string; option: Option }): string[] {
  const some = option.argChoices ?? ['2h', '3h', '7', '8', '+02:00', '+03:00'];
  const isTaken = (text: string) => {
    try {
      read(fresh(name), text);
      return true;
    } catch {
      return false;
    }
  };
  return some.filter(isTaken).slice(0, 2);
}

describe('of every command', () => {
  test('an empty text is no value, but for what it takes away', () => {
    const taken = valued().filter((each) => {
      for (const text of ['', ' ', '\t\n'])
        try {
          read(each, text);
          return true;
        } catch (error) {
          expect(String(error), each.name).toMatch(/is empty/);
        }
      return false;
    });
    expect(taken.map(({ name }) => name)).toEqual([
      'bots add --description',
      'bots edit --description',
    ]);
  });

  test('an option that takes one value refuses another one, and a list adds it', () => {
    for (const each of valued()) {
      const { name } = each;
      // Of one word there is no other one.
      if (each.option.argChoices?.length === 1) continue;
      const [first, second] = valuesOf(each);
      expect({ name, second }).toEqual({ name, second: expect.any(String) });
      const { option } = each;
      const value = read(each, first!);
      if (isList(option)) expect(read(each, second!, value), name).toEqual([first, second]);
      else expect(() => read(each, second!, value), name).toThrow(/is given twice/);
      expect(() => read(fresh(name), first!, value), name).not.toThrow();
    }
  }, 60_000);

  test('a choice that is none is refused with the nearest', () => {
    for (const each of valued().filter(({ option }) => option.argChoices)) {
      const [word] = each.option.argChoices!;
      expect(() => read(each, `${word}x`), each.name).toThrow(
        expect.objectContaining({
          hint: expect.stringMatching(new RegExp(`did you mean .*\\b${word}\\b`)),
        }),
      );
      expect(() => read(each, word!.toUpperCase()), each.name).toThrow(
        expect.objectContaining({
          hint: expect.stringMatching(new RegExp(`did you mean .*\\b${word}\\b`)),
        }),
      );
    }
  });

  test('a time has a unit, and may have several', () => {
    const times = valued().filter(({ option }) => option.flags.includes('<time>'));
    expect(times.length).toBeGreaterThan(8);
    for (const each of times) {
      expect(() => read(each, '7'), each.name).toThrow(/it has no unit/);
      expect(() => read(each, '1h30m'), each.name).not.toThrow();
    }
  });
});

describe('a duration', () => {
  const span = seconds('--for', { least: 60, most: 31_536_000, example: '2h' });

  test.each([
    ['90s', 90],
    ['1h30m', 5_400],
    ['1d12h', 129_600],
    ['2w', 1_209_600],
    ['1w1d1h1m1s', 694_861],
    ['007m', 420],
  ])('%s is read', (text, value) => expect(span(text)).toBe(value));

  test.each([
    ['2', /it has no unit; did you mean 2m, 2h or 2d\?/],
    ['2H', /did you mean 2h\?/],
    ['1h 30m', /did you mean 1h30m\?/],
    ['1.5h', /as in 1h30m/],
    ['30m1h', /the longest first/],
    ['1h1h', /the longest first/],
    ['-5m', /has to be a number/],
    ['h', /has to be a number/],
    ['soon', /has to be a number/],
    ['5x', /has to be a number/],
    ['0', /too short: 60s at least|too short: 1m at least/],
    ['9'.repeat(400) + 'd', /too long: 365d at most/],
  ])('%s is refused', (text, why) => expect(() => span(text)).toThrow(why));
});

const { db, url } = await testDatabase();
let bot: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_silences CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
});

test('lists take several words, with a comma or again', async () => {
  for (const severity of ['critical', 'high', 'low'] as const) {
    await insertFinding(db, bot, severity, { severity, affected_component: severity });
    await insertTicket(db, bot, severity, { severity });
  }
  for (const status of ['success', 'failed', 'timeout'] as const)
    await insertRun(db, bot, 1, { status });
  const two = async (column: string, ...args: string[]) =>
    (await roundsman(url, ...args, '--json'))
      .json()
      .map((row: any) => row[column])
      .toSorted();
  for (const noun of ['findings', 'tickets']) {
    expect(await two('severity', noun, 'list', '--severity', 'low,high')).toEqual(['high', 'low']);
    expect(
      await two('severity', noun, 'list', '--severity', 'low', '--severity', 'high, low'),
    ).toEqual(['high', 'low']);
  }
  expect(await two('status', 'runs', 'list', '--status', 'failed,timeout')).toEqual([
    'failed',
    'timeout',
  ]);
  const wrong = await roundsman(url, 'findings', 'list', '--severity', 'high,crit');
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('did you mean critical?') });
  for (const list of ['high,', ',high', 'high,,low', ',']) {
    const { code, err } = await roundsman(url, 'findings', 'list', '--severity', list);
    expect([code, err]).toEqual([2, expect.stringContaining('a comma with no word beside it')]);
  }
}, 60_000);

describe('what contradicts itself is refused, and nothing is written:', () => {
  const add = (...args: string[]) => [
    'bots',
    'add',
    'night',
    '--endpoint',
    '/api/bots/janitor',
    '--schedule',
    '*/5 * * * *',
    ...args,
  ];
  test.each([
    ['a jitter above the interval', add('--jitter', '10m'), 'as close as 300s'],
    ['a jitter of the interval', add('--jitter', '5m'), '--jitter 150s'],
    ['a jitter above half of it', add('--jitter', '151s'), '--jitter 150s'],
    ['a setting that is given twice', add('--config', '{"a": 5, "a": 6}'), '"a" is given twice'],
    ['the same inside', add('--config', '{"b": [{"a": 5, "\\u0061": 6}]}'), 'is given twice'],
    ['the same by an edit', ['bots', 'edit', 'watch', '--jitter', '5m1s'], '--jitter 150s'],
    [
      'a jitter above the shortest of several intervals',
      ['bots', 'edit', 'watch', '--schedule', '0,2 * * * *', '--jitter', '3m'],
      'as close as 120s',
    ],
    ['a limit of what catches up once', add('--catch-up-limit', '5'), '--catch-up all'],
    [
      'the same by an edit of what skips',
      ['bots', 'edit', 'watch', '--catch-up', 'skip', '--catch-up-limit', '5'],
      '--catch-up all',
    ],
    ['a count for every bot', ['bots', 'next', '--count', '3'], '--count cannot be used'],
    ['rows of one bot', ['bots', 'next', 'watch', '--limit', '3'], '--limit cannot be used'],
    ['a name without a change', ['limits', '--as', 'ann'], '--as belongs to a change'],
  ])('%s', async (_, args, why) => {
    const before = await db.selectFrom('bots').selectAll().execute();
    const { code, err } = await roundsman(url, ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
    expect(await db.selectFrom('bots').selectAll().execute()).toEqual(before);
  });

  test('and a schedule that becomes quicker than the jitter that is there', async () => {
    expect((await roundsman(url, 'bots', 'edit', 'watch', '--jitter', '2m')).code).toBe(0);
    const { code, err } = await roundsman(url, 'bots', 'edit', 'watch', '--schedule', '* * * * *');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('jitter of 120s') });
    const all = ['bots', 'edit', 'watch', '--catch-up', 'all', '--catch-up-limit', '5'];
    expect((await roundsman(url, ...all)).code).toBe(0);
  });
});

describe('a name that nothing had yet', () => {
  beforeEach(async () => {
    await insertFinding(db, bot, 'slow', { affected_component: '/checkout', category: 'latency' });
    await insertTicket(db, bot, 'slow', { status: 'assigned', assigned_to: 'bob' });
  });
  const silence = (...args: string[]) =>
    roundsman(url, 'silences', 'add', '--for', '2h', '--reason', 'moved', ...args);

  test.each([
    [
      ['--component', '/chekout'],
      'no finding ever had the component /chekout (did you mean /checkout?)',
    ],
    [['--category', 'latncy'], 'no finding ever had the category latncy (did you mean latency?)'],
    [['--fingerprint', 'nothing'], 'no finding ever had the fingerprint nothing'],
    [
      ['--component', 'zzzzzz', '--category', 'yyyyyy'],
      'the component zzzzzz; no finding ever had the category yyyyyy',
    ],
    [['--bot', 'other', '--component', '/checkout'], 'no finding ever fitted all of this at once'],
  ])('is silenced only by who means it: %j', async (args, why) => {
    await insertBot(db, 'other');
    const { code, err } = await silence(...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
    expect(await db.selectFrom('bot_silences').selectAll().execute()).toEqual([]);
    expect((await silence(...args, '--yes')).code).toBe(0);
  });

  test('is not asked about where a finding fitted, even a resolved one, or only a bot is named', async () => {
    await sql`UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'cleared'`.execute(
      db,
    );
    expect((await silence('--component', '/checkout', '--bot', 'watch')).code).toBe(0);
    await insertBot(db, 'other');
    expect((await silence('--bot', 'other')).code).toBe(0);
  });

  test('is told where it is only read, or new names are usual', async () => {
    const { err } = await roundsman(url, 'tickets', 'list', '--assigned-to', 'bbo');
    expect(err).toContain('no ticket was ever assigned to bbo (did you mean bob?)');
    const assigned = await roundsman(url, 'tickets', 'assign', 'T-1', 'bobb');
    expect(assigned.err).toContain('did you mean bob?');
    const pattern = await roundsman(url, 'knowledge', 'test', 'slow', '--category', 'latencey');
    expect(pattern.err).toContain('did you mean latency?');
    const zone = await roundsman(url, 'bots', 'edit', 'watch', '--timezone', 'Europe/Berln');
    expect(zone.err).toContain('did you mean Europe/Berlin');
  });
});

test('a limit in minutes may be written as a duration', async () => {
  const { rows } = await sql<{ value: string }>`
    SELECT value::text FROM engine.settings WHERE key = 'healing'`.execute(db);
  const set = (...args: string[]) => roundsman(url, 'limits', ...args);
  expect((await set('cooldown_minutes', '1h30m')).out).toContain('cooldown_minutes is 90 now');
  expect((await set('cooldown_minutes', '7')).out).toContain('is 7 now');
  expect((await set('cooldown_minutes', '90s')).code).toBe(2);
  expect((await set('heals_per_entry', '2h')).code).toBe(2);
  await sql`UPDATE engine.settings SET value = ${rows[0]!.value}::jsonb WHERE key = 'healing'`.execute(
    db,
  );
});

test.each(['ann\u202E', 'a\u200Bnn', 'ann\u0007', '\uFEFFann\u00AD', 'a\nb'])(
  'a name that does not show as it is, is no name of a person: %j',
  async (name) => {
    const { code, err } = await roundsman(url, 'tickets', 'ack', 'T-1', '--as', name);
    expect([code, err]).toEqual([2, expect.stringContaining('--as cannot be used')]);
  },
);

test.each(['', ' '])('a log without a name is refused: %j', async (name) => {
  for (const log of ['access-log', 'error-log']) {
    const { code, err } = await roundsman(url, 'import', log, name);
    expect([code, err]).toEqual([2, expect.stringContaining('the name of the log is empty')]);
  }
});
