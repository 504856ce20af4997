import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { limits } from '../../src/data/bots/healing-limits.ts';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminalOf } from '../support/terminal.ts';
import { roundsman } from './command.ts';

const { db, url } = await testDatabase();

const setting = async (key: string) => {
  const { rows } = await sql<{ value: Record<string, unknown>; changed_by: string | null }>`
    SELECT value, changed_by FROM engine.settings WHERE key = ${key}`.execute(db);
  return rows[0];
};
const defaults = Object.fromEntries(limits.map((each) => [each.name, each.default]));

beforeEach(async () => {
  for (const key of ['healing', 'budget'])
    await sql`DELETE FROM engine.settings WHERE key = ${key}`.execute(db);
  const { heals_per_hour, ...healing } = defaults;
  await sql`INSERT INTO engine.settings (key, value) VALUES
    ('healing', ${JSON.stringify(healing)}::jsonb), ('budget', ${JSON.stringify({ heals_per_hour })}::jsonb)`.execute(
    db,
  );
});

test('a new database has the default limits', async () => {
  const fresh = await testDatabase();
  const { code, json } = await roundsman(fresh.url, 'limits', '--json');
  expect(code).toBe(0);
  expect(json()).toEqual(defaults);
});

test('each is shown with what it means, and one that was removed says what that does', async () => {
  await sql`UPDATE engine.settings SET value = value - 'cooldown_minutes' WHERE key = 'healing'`.execute(
    db,
  );
  const { out } = await roundsman(url, 'limits', '-o', 'table');
  expect(out).toMatch(/^Limit +Is +Default +What\n/);
  for (const { meaning } of limits) expect(out).toContain(meaning);
  expect(out).toMatch(/cooldown_minutes +not set: nothing is healed +5/);
});

test('one is set by name, with who did it, and the others stay', async () => {
  const set = await roundsman(url, 'limits', 'breaker_failures', '5', '--as', 'ann');
  expect(set).toMatchObject({ code: 0, out: 'breaker_failures is 5 now, it was 3.\n' });
  const { heals_per_hour: _, ...others } = defaults;
  expect(await setting('healing')).toEqual({
    value: { ...others, breaker_failures: 5 },
    changed_by: 'ann',
  });
  await roundsman(url, 'limits', 'heals_per_hour', '10');
  expect((await setting('budget'))?.value).toEqual({ heals_per_hour: 10 });
  await roundsman(url, 'limits', 'storm_share', '0.75');
  const { json } = await roundsman(url, 'limits', '--json');
  expect(json()).toMatchObject({ heals_per_hour: 10, storm_share: 0.75 });
});

test.each([
  [['cooldown_minute', '5'], 3, /did you mean cooldown_minutes\?/],
  [['cooldown_minute'], 3, /did you mean cooldown_minutes\?/],
  [['cooldown_minutes', 'five'], 2, /whole number from 0 to 10080/],
  [['cooldown_minutes', '2.5'], 2, /whole number/],
  [['storm_share', '1.5'], 2, /a number from 0 to 1/],
  [['breaker_failures', '0'], 2, /from 1 to 100/],
])('%j is refused', async (given, code, why) => {
  const before = await setting('healing');
  const refused = await roundsman(url, 'limits', ...given);
  expect(refused).toMatchObject({ code, err: expect.stringMatching(why) });
  expect(await setting('healing')).toEqual(before);
});

test('one is shown by its name alone', async () => {
  const one = await roundsman(url, 'limits', 'cooldown_minutes', '-o', 'table');
  expect([one.code, one.out.split('\n')[1]]).toEqual([
    0,
    expect.stringMatching(/^cooldown_minutes +5 +5/),
  ]);
  expect(one.out).not.toContain('storm_share');
  expect((await roundsman(url, 'limits', 'cooldown_minutes', '--json')).json()).toEqual({
    cooldown_minutes: 5,
  });
});

test('a value that it has already is not said to be new, and a refused one is quoted as it was typed', async () => {
  const same = await roundsman(url, 'limits', 'storm_components', '5');
  expect([same.code, same.out]).toEqual([0, 'storm_components is 5 already.\n']);
  const refused = await roundsman(url, 'limits', 'cooldown_minutes', '1s');
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringMatching(/cooldown_minutes cannot be "1s"[^]*in minutes/),
  ]);
});

test.skipIf(!hasTerminal)('in 80 columns what a limit means is not cut', async () => {
  const { shown } = await inTerminalOf(80, url, ['limits']);
  const words = shown.replaceAll(/\s+/g, ' ');
  for (const { meaning } of limits) expect(words).toContain(meaning.split(' ').slice(-3).join(' '));
  expect(words).not.toContain('…');
});
