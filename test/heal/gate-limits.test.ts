/** The limits in `engine.settings`: a changed limit is used at once; a removed or unreadable one closes its gate. */
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { closedGate } from '../../src/heal/gate.ts';
import { readGateInputs } from '../../src/heal/gate-inputs.ts';
import { match } from '../../src/heal/match.ts';
import type { OpenFinding } from '../../src/heal/finding/open-finding.ts';
import { entry } from '../support/builders.ts';
import { set } from '../support/runs.ts';
import { clean, diagnosed, healed, type SimulatedPlatform } from './outcomes.ts';
import { leftBehind } from './simulated-platform.ts';

/** What the gates say about the newest finding now. */
async function gate(platform: SimulatedPlatform, examined = 10): Promise<string | null> {
  const { db, engine } = platform;
  const finding = (await platform.finding()) as unknown as OpenFinding;
  const { candidates } = await match(db, engine.catalogue, finding);
  await sql`UPDATE bots SET examined = jsonb_build_object(${finding.check_name}::text, nullif(${examined}::int, 0))`.execute(
    db,
  );
  return db.transaction().execute(async (trx) => {
    const now = await readGateInputs(trx, finding, candidates[0]!, { stage: 'beginning' });
    return closedGate(now, candidates[0]!, 'beginning');
  });
}

const diskBroken = () => diagnosed([entry('clean', clean)]);

const limit = ({ db }: SimulatedPlatform, name: string, value: unknown) =>
  sql`UPDATE engine.settings SET value = value || ${JSON.stringify({ [name]: value })}::jsonb WHERE key = 'healing'`.execute(
    db,
  );

const ago = (minutes: number) => sql<Date>`engine.now() - make_interval(mins => ${minutes})`;

const gateOf = {
  cooldown_minutes: 'cooldown',
  heals_per_entry: 'attempts',
  heals_per_day: 'daily',
  breaker_failures: 'breaker',
  breaker_minutes: 'breaker',
  storm_components: 'storm',
  storm_share: 'storm',
};

describe.each(Object.entries(gateOf))('the limit %s', (name, closes) => {
  test('closes its gate when it is missing or not a number', async () => {
    const platform = await diskBroken();
    expect(await gate(platform)).toBeNull();
    for (const value of ['many', '5', null, true, [], {}, -1, 1e300]) {
      await limit(platform, name, value);
      expect(await gate(platform), JSON.stringify(value)).toBe(closes);
    }
    await sql`UPDATE engine.settings SET value = value - ${name} WHERE key = 'healing'`.execute(
      platform.db,
    );
    expect(await gate(platform), 'removed').toBe(closes);
  });
});

test.each([
  ['is gone', sql`DELETE FROM engine.settings WHERE key = 'healing'`],
  ['hold no limits', sql`UPDATE engine.settings SET value = '"none"' WHERE key = 'healing'`],
])('settings of healing that %s close the first gate that asks', async (_, change) => {
  const platform = await diskBroken();
  await change.execute(platform.db);
  expect(await gate(platform)).toBe('cooldown');
});

test('a cooldown is as long as the settings say, from the last application', async () => {
  const platform = await diskBroken();
  await leftBehind(platform, 'clean', 'disk.clean', 'failed', {
    taken_at: ago(9),
    applied_at: ago(6),
  });
  for (const [minutes, closed] of [
    [5, null],
    [7, 'cooldown'],
    [0, null],
  ] as const) {
    await limit(platform, 'cooldown_minutes', minutes);
    expect(await gate(platform)).toBe(closed);
  }
  await limit(platform, 'cooldown_minutes', 7);
  await sql`UPDATE bot_actions SET state = 'aborted'`.execute(platform.db);
  expect(await gate(platform), 'what never happened is no application').toBeNull();
});

test('an entry may do as much in an hour as the settings say; the steps of a heal are one', async () => {
  const platform = await diskBroken();
  const heal_id = crypto.randomUUID();
  for (const step of [0, 1, 2])
    await healed(platform, 'clean', { held: 1 }, { heal_id, step, taken_at: ago(50) });
  await healed(platform, 'clean', { held: 1 }, { taken_at: ago(50) });
  await healed(platform, 'clean', { held: 9 }, { taken_at: ago(61), component: 'other' });
  expect(await gate(platform)).toBeNull();
  await limit(platform, 'heals_per_entry', 2);
  expect(await gate(platform)).toBe('attempts');
});

test('an entry may heal a component as often in a day as the settings say; what was never applied is not a heal', async () => {
  const platform = await diskBroken();
  const heal_id = crypto.randomUUID();
  for (const step of [0, 1])
    await healed(platform, 'clean', { held: 1 }, { heal_id, step, taken_at: ago(1_000) });
  await healed(platform, 'clean', { held: 6 }, { taken_at: ago(1_000) });
  await healed(platform, 'clean', { aborted: 9 }, { taken_at: ago(1_000) });
  await healed(platform, 'clean', { held: 9 }, { taken_at: ago(1_441) });
  await healed(platform, 'clean', { held: 9 }, { taken_at: ago(1_000), component: 'other' });
  expect(await gate(platform)).toBeNull();
  await healed(platform, 'clean', { failed: 1 }, { taken_at: ago(1_000), settled_at: ago(990) });
  expect(await gate(platform)).toBe('daily');
  await limit(platform, 'heals_per_day', 9);
  expect(await gate(platform)).toBeNull();
});

test('an entry may heal all components together three times as often in a day, or each of those it knows twice', async () => {
  const platform = await diskBroken();
  const one = (component: string, minutes: number) =>
    healed(platform, 'clean', { held: 1 }, { taken_at: ago(minutes), component });
  for (let number = 0; number < 23; number++) await one(`part-${number % 6}`, 1_000);
  await healed(platform, 'clean', { aborted: 9 }, { taken_at: ago(1_000), component: 'other' });
  expect(await gate(platform)).toBeNull();
  await one('part-0', 1_000);
  expect(await gate(platform)).toBe('daily');
  await limit(platform, 'heals_per_day', 9);
  expect(await gate(platform)).toBeNull();
  await limit(platform, 'heals_per_day', 8);
  for (let number = 6; number < 13; number++) await one(`part-${number}`, 29 * 1_440);
  expect(await gate(platform), 'it knows 13').toBeNull();
  for (const part of ['part-1', 'part-2']) await one(part, 1_000);
  expect(await gate(platform)).toBe('daily');
  await sql`UPDATE bot_actions SET taken_at = taken_at - interval '1 day' WHERE component IN ('part-1', 'part-2')`.execute(
    platform.db,
  );
  expect(await gate(platform)).toBeNull();
});

test.each([
  ['no limit of a day', '{"heals_per_entry": 9}', { heals_per_entry: 9, heals_per_day: 8 }],
  ['one that an admin has set', '{"heals_per_day": 20}', { heals_per_day: 20 }],
  ['settings that are no limits', '"none"', 'none'],
])('a database from before with %s keeps what is there', async (_, before, after) => {
  const { db } = await diskBroken();
  await sql`UPDATE engine.settings SET value = ${before}::jsonb WHERE key = 'healing'`.execute(db);
  const file = new URL('../../migrations/v7_70_engine_settings.sql', import.meta.url);
  await sql.raw(await readFile(file, 'utf8')).execute(db);
  const row = db.selectFrom('engine.settings').select('value').where('key', '=', 'healing');
  expect((await row.executeTakeFirstOrThrow()).value).toEqual(after);
});

test('the breaker opens after as many failures in a row, for as long, as the settings say', async () => {
  const platform = await diskBroken();
  await healed(platform, 'clean', { held: 1 }, { settled_at: ago(50), taken_at: ago(90) });
  const fail = (minutes: number, state: 'failed' | 'relapsed' | 'undone' = 'failed') =>
    healed(platform, 'clean', { [state]: 1 }, { settled_at: ago(minutes), taken_at: ago(90) });
  await fail(40);
  await fail(30, 'relapsed');
  expect(await gate(platform)).toBeNull();
  await limit(platform, 'breaker_failures', 2);
  expect(await gate(platform)).toBe('breaker');
  await limit(platform, 'breaker_failures', 3);
  await fail(20, 'undone');
  expect(await gate(platform)).toBe('breaker');
  await limit(platform, 'breaker_minutes', 19);
  expect(await gate(platform)).toBeNull();
  await limit(platform, 'breaker_minutes', 60);
  await healed(platform, 'clean', { verified: 1 }, { settled_at: null, taken_at: ago(10) });
  expect(await gate(platform), 'one that was verified since ends the row').toBeNull();
});

test.each([{}, { heals_per_hour: '60' }, { heals_per_hour: null }, [], 'many'])(
  'a budget of %j is none',
  async (value) => {
    const platform = await diskBroken();
    await set(platform.db, 'budget', value);
    expect(await gate(platform)).toBe('budget');
  },
);

test('a storm is over half of what was looked at; where that is not known, of what is broken', async () => {
  const platform = await diskBroken();
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
    SELECT bot_id, 'low', category, title, c, check_name, c, c FROM bot_findings, unnest('{a,b,c,d}'::text[]) c`.execute(
    platform.db,
  );
  expect(await gate(platform, 10)).toBeNull();
  expect(await gate(platform, 9)).toBe('storm');
  expect(await gate(platform, 0)).toBe('storm');
  await limit(platform, 'storm_components', 6);
  expect(await gate(platform, 0)).toBeNull();
  await limit(platform, 'storm_components', 5);
  await limit(platform, 'storm_share', 0.4);
  expect(await gate(platform, 10)).toBe('storm');
});

test('a silence ends with its time, and covers only what it names', async () => {
  const platform = await diskBroken();
  const { id } = await platform.db
    .insertInto('bot_silences')
    .values({ owner: 'ann', reason: 'works on it', component: 'disk', expires_at: ago(-10) })
    .returning('id')
    .executeTakeFirstOrThrow();
  const change = (values: object) =>
    platform.db.updateTable('bot_silences').set(values).where('id', '=', id).execute();
  expect(await gate(platform)).toBe('silenced');
  await change({ expires_at: ago(1) });
  expect(await gate(platform)).toBeNull();
  await change({ expires_at: null, until_resolved: true });
  expect(await gate(platform)).toBe('silenced');
  await change({ ended_at: ago(0) });
  expect(await gate(platform)).toBeNull();
  await change({ ended_at: null, category: 'other' });
  expect(await gate(platform), 'all that it names has to fit').toBeNull();
  await change({ category: 'trouble' });
  expect(await gate(platform)).toBe('silenced');
});
