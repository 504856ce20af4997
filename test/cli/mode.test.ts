import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { changeMode, readMode } from '../../src/data/bots/engine.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot, insertRun } from './rows.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`DELETE FROM engine.settings WHERE key IN ('mode', 'mode_changes')`.execute(db);
  await sql`INSERT INTO engine.settings (key, value) VALUES ('mode', '"safe"')`.execute(db);
});

const changes = async () => {
  const { rows } = await sql<{ value: any }>`
    SELECT value FROM engine.settings WHERE key = 'mode_changes'`.execute(db);
  return rows[0]?.value ?? [];
};

test('before anybody has changed it, it says what it is and what that means', async () => {
  const { code, out } = await roundsman(url, 'mode');
  expect({ code, out }).toEqual({ code: 0, out: 'Mode  safe: only safe remedies act alone\n' });
  const shown = await roundsman(url, 'mode', '--json');
  expect(shown.json()).toEqual({ mode: 'safe', changed_by: null, changed_at: null, reason: null });
});

test('it is set with who and why, and says so to everybody', async () => {
  const set = await roundsman(url, 'mode', 'off', '--reason', ' the disk is moved ', '--as', 'ann');
  expect(set.code).toBe(0);
  for (const { out } of [set, await roundsman(url, 'mode')])
    expect(out).toMatch(
      /^Mode +off: nothing is healed\nSince +20.+ago\)\nSet by +ann\nBecause +the disk is moved\n$/,
    );
  const row = await db
    .selectFrom('engine.settings')
    .selectAll()
    .where('key', '=', 'mode')
    .executeTakeFirstOrThrow();
  // What the gates read is the word alone.
  expect(row).toMatchObject({ value: 'off', changed_by: 'ann', changed_at: expect.any(Date) });
  const next = await roundsman(url, 'mode', 'auto', '--yes', '--as', 'bob', '--json');
  expect(next.json()).toMatchObject({ mode: 'auto', changed_by: 'bob', reason: null });
  expect(await changes()).toMatchObject([
    { mode: 'auto', before: 'off', by: 'bob', reason: null },
    { mode: 'off', before: 'safe', by: 'ann', reason: 'the disk is moved' },
  ]);
});

test('what is so already is not changed, and who set it stays', async () => {
  await changeMode(db, 'off', { by: 'ann', reason: 'storm' });
  const again = await roundsman(url, 'mode', 'off', '--as', 'bob', '--reason', 'me too');
  expect(again).toMatchObject({ code: 0, err: expect.stringContaining('nothing changed') });
  expect(again.out).toContain('ann');
  expect(await changes()).toHaveLength(1);
});

test('a mode that was written past this command has nobody and no reason', async () => {
  await changeMode(db, 'off', { by: 'ann', reason: 'storm' });
  await sql`UPDATE engine.settings SET value = '"auto"', changed_by = NULL WHERE key = 'mode'`.execute(
    db,
  );
  expect(await readMode(db)).toEqual({
    mode: 'auto',
    changed_by: null,
    changed_at: null,
    reason: null,
  });
  // The same word again, but not the same change.
  await sql`UPDATE engine.settings SET value = '"off"', changed_by = 'eve', changed_at = now() WHERE key = 'mode'`.execute(
    db,
  );
  expect(await readMode(db)).toMatchObject({ mode: 'off', changed_by: 'eve', reason: null });
});

test.each([
  ['no word', sql`DELETE FROM engine.settings WHERE key = 'mode'`, 'not set'],
  [
    'another word',
    sql`UPDATE engine.settings SET value = '"careful"' WHERE key = 'mode'`,
    'careful',
  ],
])(
  'with %s in its place it says that nothing is healed, and how to set it',
  async (_, change, word) => {
    await change.execute(db);
    const { code, out } = await roundsman(url, 'mode');
    expect(code).toBe(0);
    expect(out).toContain(`${word}: nothing is healed`);
    expect(out).toContain('mode safe');
    expect((await roundsman(url, 'mode', 'safe', '--yes')).code).toBe(0);
    expect(await readMode(db)).toMatchObject({ mode: 'safe' });
  },
);

test.each([
  ['another word', ['mode', 'careful'], 'careful'],
  ['a reason without a mode', ['mode', '--reason', 'x'], 'no mode was given'],
  ['a name without a mode', ['mode', '--as', 'x'], 'no mode was given'],
  ['a reason without end', ['mode', 'off', '--reason', 'x'.repeat(501)], 'longer than 500'],
])('%s is refused, and nothing changes', async (_, args, why) => {
  const { code, err } = await roundsman(url, ...args);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
  expect(await readMode(db)).toMatchObject({ mode: 'safe' });
});

test('switching off tells of heals that have begun', async () => {
  const bot = await insertBot(db, 'doctor');
  const run = await insertRun(db, bot, 0, {
    status: 'running',
    completed_at: null,
    fence: '1',
    worker: 'w',
    lease_until: sql<Date>`engine.now() + interval '5 s'`,
  });
  const action = (
    fingerprint: string,
    state: 'intent' | 'verified',
    execution_id: string | null,
  ) => ({
    bot_id: bot,
    execution_id,
    fingerprint,
    heal_id: crypto.randomUUID(),
    idempotency_key: fingerprint,
    action_type: 'a.b',
    action_description: 'a',
    remedy: 'a.b',
    risk: 'safe' as const,
    state,
    success: state === 'verified',
    applied_at: state === 'verified' ? new Date() : null,
  });
  await db
    .insertInto('bot_actions')
    .values([
      action('one', 'intent', run),
      action('two', 'verified', run),
      action('three', 'intent', null),
    ])
    .execute();
  const { err } = await roundsman(url, 'mode', 'off');
  expect(err).toContain('1 heal had begun already');
});

test('of many who change it at once each is written down, and the last one stands', async () => {
  const words = ['off', 'auto', 'off', 'auto', 'off', 'auto'] as const;
  const changed = await Promise.all(
    words.map((mode, index) => changeMode(db, mode, { by: `p${index}`, reason: `r${index}` })),
  );
  const all = await changes();
  expect(all).toHaveLength(changed.filter(Boolean).length);
  expect(await readMode(db)).toMatchObject({
    mode: all[0].mode,
    changed_by: all[0].by,
    reason: all[0].reason,
  });
  for (const [index, change] of all.entries())
    expect(change.before).toBe(all[index + 1]?.mode ?? 'safe');
});
