/** What a bot's schema says of its settings, and what is said of a config that does not fit. */
import { describe, expect, test } from 'vitest';
import { z } from '../../src/bot.ts';
import { bots } from '../../bots/index.ts';
import { BadDefinitionError } from '../../src/catalogue/catalogue.ts';
import { settingInWords, settingsOf } from '../../src/catalogue/settings.ts';
import { newBot } from '../../src/services/bots/add.ts';
import { changedConfig } from '../../src/services/bots/settings.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';

const withConfig = (config: z.ZodType) => aBot('watch', async () => clean(), { config });
const words = (schema: z.ZodType) => {
  const [first] = settingsOf(withConfig(z.object({ key: schema })))!;
  return settingInWords(first!);
};

test.each([
  [z.int().min(1).default(3), 'key: a whole number from 1 (3 unless set)'],
  [z.number().positive().max(720).default(24), 'key: a number above 0 up to 720 (24 unless set)'],
  [z.number().min(0).lt(1).default(0.5), 'key: a number from 0 and below 1 (0.5 unless set)'],
  [z.number().max(5).optional(), 'key: a number up to 5'],
  [z.number(), 'key: a number (has to be set)'],
  [z.number().lt(5), 'key: a number below 5 (has to be set)'],
  [z.string().min(1).max(5).default('x'), 'key: a text of 1 to 5 characters ("x" unless set)'],
  [z.string().max(1).optional(), 'key: a text of at most 1 character'],
  [z.enum(['a', 'b']).default('a'), 'key: one of a, b ("a" unless set)'],
  [z.boolean().default(true), 'key: true or false (true unless set)'],
  [
    z.array(z.string()).max(3).default([]),
    'key: a list of at most 3 entries, each a text ([] unless set)',
  ],
  [z.record(z.string(), z.number()).optional(), 'key: a map, each a number'],
  [z.union([z.string(), z.number()]).optional(), 'key: a text or a number'],
  [z.literal('x').optional(), 'key: "x"'],
  [z.int().nullable().default(null), 'key: a whole number or null (null unless set)'],
  [
    z.preprocess((value) => value, z.int().max(4)).default(2),
    'key: a whole number up to 4 (2 unless set)',
  ],
  [z.coerce.number().int().min(2).default(2), 'key: a whole number from 2 (2 unless set)'],
  [z.custom<object>(() => true).optional(), 'key: its schema does not say what'],
])('a setting in words: %#', (schema, said) => {
  expect(words(schema)).toBe(said);
});

test('each setting of each bot of the catalogue has a meaning, a default and what it takes', () => {
  const all = bots.flatMap((bot) => settingsOf(bot)!);
  expect(all.length).toBeGreaterThan(20);
  for (const setting of all) {
    expect(setting).toMatchObject({
      meaning: expect.stringMatching(/.{10}/),
      takes: expect.any(String),
    });
    expect(setting.defaultValue).toBeDefined();
  }
});

test.each([
  ['one that may be either', z.union([z.object({ a: z.number() }), z.object({ b: z.number() })])],
  ['one that cannot be told', z.custom<object>(() => true)],
  [
    'one that throws',
    z.custom<object>(() => {
      throw new Error('no');
    }),
  ],
])('of a schema that does not name its keys nothing is made up: %s', (_, config) => {
  expect(settingsOf(withConfig(config))).toBeNull();
});

test('an intersection names the keys of both parts', () => {
  const config = z.object({ a: z.int().default(1) }).and(z.object({ b: z.int().default(2) }));
  expect(settingsOf(withConfig(config))!.map(({ key }) => key)).toEqual(['a', 'b', 'depends_on']);
});

const strict = withConfig(
  z.strictObject({
    window_hours: z.number().positive().max(48).default(24).describe('how far back'),
    note: z.string().max(20).default(''),
  }),
);
const known = catalogue([strict]);
const refused = (config: object) => {
  try {
    known.resolve('bot:watch', config);
  } catch (error) {
    return error as BadDefinitionError;
  }
  throw new Error('it was not refused');
};

describe('a config that does not fit', () => {
  test('names an unknown setting, the one that may be meant, and where all of them are', () => {
    const { why, hint } = refused({ windw_hours: 3 });
    expect(why).toBe('config: windw_hours is not a setting of watch');
    expect(hint).toContain('did you mean window_hours?');
    expect(hint).toContain('it has window_hours, note, depends_on');
    expect(hint).toContain('bots catalogue watch');
  });

  test('says of a wrong value what the setting takes', () => {
    const { why, hint } = refused({ window_hours: 'x' });
    expect(why).toMatch(/^config\.window_hours: /);
    expect(hint).toContain('window_hours: a number above 0 up to 48 (24 unless set)');
  });

  test('names everything that is wrong at once', () => {
    const { reasons } = refused({ window_hours: 0, note: 3, a: 1, b: 2 });
    expect(reasons).toHaveLength(4);
    expect(reasons!.join('\n')).toContain('config: b is not a setting of watch');
  });

  test('says so of depends_on, which every bot takes', () => {
    expect(refused({ depends_on: { a: 'b' } })).toMatchObject({
      why: expect.stringMatching(/^config\.depends_on/),
      hint: expect.stringContaining('depends_on: a map of components'),
    });
  });
});

test.each([
  ['ledgr', 'did you mean /api/bots/watch'],
  ['/api/bots/wtach', 'did you mean /api/bots/watch'],
  ['bot:watc', 'did you mean /api/bots/watch'],
])('an endpoint that names no bot is answered with what may be meant: %s', (endpoint, hint) => {
  const one = catalogue([aBot(endpoint === 'ledgr' ? 'ledger' : 'watch', async () => clean())]);
  const wanted = endpoint === 'ledgr' ? 'did you mean /api/bots/ledger' : hint;
  expect(() => one.resolve(endpoint, {})).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(wanted) }),
  );
});

describe('changes of single settings', () => {
  const row = { api_endpoint: 'bot:watch', config: { window_hours: 3, note: 'x' } };
  const change = (
    ...given: Parameters<typeof changedConfig> extends [unknown, unknown, infer Changes]
      ? [Changes]
      : never
  ) => changedConfig(known, row, ...given);

  test('leave the others as they are', () => {
    expect(change({ set: ['window_hours=5'] })).toEqual({ window_hours: 5, note: 'x' });
    expect(change({ unset: ['note'] })).toEqual({ window_hours: 3 });
    expect(change({ set: ['note=7'], unset: ['window_hours'] })).toEqual({ note: '7' });
    expect(change({ set: ['depends_on={"a":["b"]}'] })).toMatchObject({ depends_on: { a: ['b'] } });
  });

  test('a text needs no quotes, may have them, and may contain an equals sign', () => {
    expect(change({ set: ['note=a=b'] })).toMatchObject({ note: 'a=b' });
    expect(change({ set: ['note="a b"'] })).toMatchObject({ note: 'a b' });
    expect(change({ set: ['note=true'] })).toMatchObject({ note: 'true' });
  });

  test.each([
    [
      { set: ['windw_hours=5'] },
      'windw_hours is not a setting of watch',
      'did you mean window_hours?',
    ],
    [{ unset: ['nope'] }, 'nope is not a setting of watch', 'it has window_hours'],
    [{ set: ['window_hours'] }, 'it has to be a setting', '--set max_findings=20'],
    [{ set: ['=5'] }, 'it has to be a setting', '--set max_findings=20'],
    [{ set: ['note=a', 'note=b'] }, 'note is given twice', 'once'],
    [{ set: ['note=a'], unset: ['note'] }, 'note is given twice', 'once'],
    [{ set: ['note="\\u0000"'] }, 'PostgreSQL stores neither NUL', '--config'],
  ])('that cannot be made are refused: %j', (changes, why, hint) => {
    expect(() => change(changes)).toThrow(
      expect.objectContaining({
        why: expect.stringContaining(why),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test('a setting that the schema no longer has can be taken out', () => {
    const old = { ...row, config: { gone: 1 } };
    expect(changedConfig(known, old, { unset: ['gone'] })).toEqual({});
  });

  test('a schema that drops other keys has no setting of that name', () => {
    const dropping = catalogue([withConfig(z.object({ days: z.int().default(1) }))]);
    const config = { ...row, config: {} };
    expect(changedConfig(dropping, config, { set: ['days=2'] })).toEqual({ days: 2 });
    expect(() => changedConfig(dropping, config, { set: ['dyas=2'] })).toThrow(
      'dyas is not a setting',
    );
  });

  test('a setting without a default has to be given, and can be', () => {
    const needy = catalogue([withConfig(z.strictObject({ days: z.int() }))]);
    const given = { name: 'a', schedule: '@daily', endpoint: 'watch' };
    expect(newBot({ ...given, set: ['days=2'] }, needy)).toMatchObject({ config: { days: 2 } });
    expect(() => newBot(given, needy)).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining('days: a whole number (has to be set)'),
      }),
    );
  });

  test('a loose schema takes any key', () => {
    const loose = catalogue([aBot('watch', async () => clean())]);
    expect(changedConfig(loose, { ...row, config: {} }, { set: ['any=1'] })).toEqual({ any: 1 });
  });
});
