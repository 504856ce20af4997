/** When a closed gate opens: what `explain` says is compared with what `decide` does just before and just after. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { closedWhenApproved, explain } from '../../src/heal/explain.ts';
import { entry, playbook } from '../support/builders.ts';
import { stillClock } from '../support/clocks.ts';
import { set } from '../support/runs.ts';
import { leftBehind, simulatedPlatform } from './simulated-platform.ts';

type Platform = Awaited<ReturnType<typeof simulatedPlatform>>;

const cure = { name: 'disk.clean' };
const now = '2026-11-22T12:00:00Z';
const minutes = (ago: number) => new Date(Date.parse(now) - ago * 60_000);

/** An open finding that no remedy was tried on; the clock stands still. */
async function diagnosed(autonomy: 'auto' | 'suggest' = 'auto') {
  const platform = await simulatedPlatform(
    [entry('clean', playbook('disk.clean'), { autonomy })],
    [cure],
  );
  await platform.seen();
  const moveTo = await stillClock(platform.db, now);
  return { ...platform, moveTo };
}

const limits = (db: Platform['db'], values: object) =>
  sql`UPDATE engine.settings SET value = value || ${JSON.stringify(values)}::jsonb WHERE key = 'healing'`.execute(
    db,
  );

const explained = async ({ db, engine, finding }: Platform) =>
  (await explain(db, engine.catalogue, await finding())).candidates[0]!;

/** From now on, for so many minutes. */
const maintain = ({ db }: Platform, length: number) =>
  db
    .insertInto('bot_maintenance')
    .values({
      owner: 'ann',
      reason: 'works on it',
      occurrences: sql<string>`tstzmultirange(tstzrange(engine.now(), engine.now() + make_interval(mins => ${length})))`,
    })
    .execute();

const heal = (platform: Platform, ago: number, values: object = {}) =>
  leftBehind(platform, 'clean', 'disk.clean', 'held', {
    taken_at: minutes(ago),
    applied_at: minutes(ago),
    settled_at: minutes(ago),
    ...values,
  });
const elsewhere = (platform: Platform, ago: number, values: object = {}) =>
  heal(platform, ago, {
    fingerprint: crypto.randomUUID(),
    component: crypto.randomUUID(),
    ...values,
  });
const silence = ({ db }: Platform, until: number) =>
  db
    .insertInto('bot_silences')
    .values({ owner: 'ann', reason: 'works on it', component: 'disk', expires_at: minutes(-until) })
    .execute();

/** A gate, what closes it, and after how many minutes it opens. */
const timed: [string, string, (platform: Platform) => Promise<unknown>, number][] = [
  ['cooldown', 'after a try', (p) => heal(p, 1), 4],
  [
    'cooldown',
    'of half a minute, from the later of intent and effect',
    async (p) => {
      await limits(p.db, { cooldown_minutes: 2.5 });
      await heal(p, 9, { applied_at: minutes(1) });
    },
    1.5,
  ],
  [
    'attempts',
    'when the third newest heal is an hour old, steps of one heal counted once',
    async (p) => {
      for (const ago of [50, 40, 30, 20]) await elsewhere(p, ago);
      const heal_id = crypto.randomUUID();
      await elsewhere(p, 25, { heal_id });
      await elsewhere(p, 10, { heal_id, step: 1 });
    },
    30,
  ],
  [
    'daily',
    'of the component',
    async (p) => {
      await limits(p.db, { heals_per_day: 2, heals_per_entry: 100 });
      for (const ago of [1400, 200, 100]) await heal(p, ago, { fingerprint: `x${ago}` });
      await heal(p, 90, { fingerprint: 'none', state: 'aborted', success: false });
    },
    1240,
  ],
  [
    'daily',
    'of all components, which has the later opening',
    async (p) => {
      await limits(p.db, { heals_per_day: 1, heals_per_entry: 100 });
      for (let n = 0; n < 9; n++)
        await heal(p, 1000 - n * 10, { component: 'b', fingerprint: `b${n}` });
      await heal(p, 1200, { fingerprint: 'a' });
    },
    1440 - 950,
  ],
  [
    'breaker',
    'from the last failure on',
    async (p) => {
      await limits(p.db, { heals_per_entry: 100 });
      for (const ago of [50, 30, 20]) await elsewhere(p, ago, { state: 'failed', success: false });
    },
    40,
  ],
  [
    'budget',
    'of all entries',
    async (p) => {
      await limits(p.db, { heals_per_entry: 100 });
      await set(p.db, 'budget', { heals_per_hour: 2 });
      for (const ago of [50, 45, 15]) await elsewhere(p, ago);
    },
    15,
  ],
  [
    'maintenance',
    'until the last window ends',
    async (p) => {
      await maintain(p, 10);
      await maintain(p, 25);
    },
    25,
  ],
  [
    'silenced',
    'until the last silence ends',
    async (p) => {
      await silence(p, 10);
      await silence(p, 25);
    },
    25,
  ],
];

describe.each(timed)('the gate %s %s', (gate, _, close, opensAfter) => {
  test('opens at the time that it says, and not before', async () => {
    const platform = await diagnosed();
    await close(platform);
    const { closed } = await explained(platform);
    const told = closed.find((each) => each.gate === gate);
    expect({ closed, told }).toMatchObject({
      told: { gate, waits_for: 'time', opens_at: minutes(-opensAfter) },
    });
    await platform.moveTo(new Date(told!.opens_at!.getTime() - 1).toISOString());
    expect((await explained(platform)).closed).toContainEqual(told);
    await platform.moveTo(told!.opens_at!.toISOString());
    expect((await explained(platform)).closed.map((each) => each.gate)).not.toContain(gate);
  });
});

test('all gates that are closed at the same time are reported, and the entry acts when the last one has opened', async () => {
  const platform = await diagnosed();
  await limits(platform.db, { heals_per_entry: 2 });
  await heal(platform, 1);
  await elsewhere(platform, 10);
  const { gate, closed } = await explained(platform);
  expect(gate).toBe('cooldown');
  expect(closed).toMatchObject([
    { gate: 'cooldown', opens_at: minutes(-4) },
    { gate: 'attempts', opens_at: minutes(-50) },
  ]);
  await platform.moveTo(minutes(-49).toISOString());
  await platform.round();
  expect(await platform.effects()).toEqual([]);
  await platform.moveTo(minutes(-50).toISOString());
  await platform.round();
  expect(await platform.effects()).toEqual(['disk.clean']);
});

test.each<[string, string, (platform: Platform) => Promise<unknown>]>([
  ['kill_switch', 'person', ({ db }) => set(db, 'mode', 'off')],
  ['disabled', 'person', ({ db }) => sql`UPDATE bot_knowledge SET enabled = false`.execute(db)],
  ['cooldown', 'person', ({ db }) => limits(db, { cooldown_minutes: null })],
  ['attempts', 'person', ({ db }) => limits(db, { heals_per_entry: 0 })],
  ['attempts', 'person', ({ db }) => limits(db, { heals_per_entry: 'x' })],
  ['daily', 'person', ({ db }) => limits(db, { heals_per_day: 0 })],
  ['breaker', 'person', ({ db }) => limits(db, { breaker_failures: null })],
  ['budget', 'person', ({ db }) => set(db, 'budget', { heals_per_hour: 0 })],
  ['storm', 'person', ({ db }) => limits(db, { storm_share: null })],
  ['in_progress', 'verdict', (p) => leftBehind(p, 'clean', 'disk.clean', 'unknown', {})],
  [
    'silenced',
    'silence',
    async (p) => {
      await silence(p, 10);
      await sql`UPDATE bot_silences SET until_resolved = true, expires_at = NULL`.execute(p.db);
    },
  ],
  [
    'silenced',
    'cause',
    async (p) => {
      await sql`
        INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
        SELECT bot_id, severity, category, title, 'net', check_name, 'net', 'net' FROM bot_findings`.execute(
        p.db,
      );
      await sql`UPDATE bot_findings SET suppressed_by = (SELECT id FROM bot_findings WHERE fingerprint = 'net')
                WHERE fingerprint <> 'net'`.execute(p.db);
      await sql`UPDATE bot_findings SET detected_at = detected_at - interval '1 day' WHERE fingerprint = 'net'`.execute(
        p.db,
      );
    },
  ],
])('what opens the gate %s is not a time: it waits for a %s', async (gate, waits_for, close) => {
  const platform = await diagnosed();
  await close(platform);
  const { closed } = await explained(platform);
  expect(closed).toContainEqual({ gate, waits_for, opens_at: null });
});

test('the gates that stay closed after an approval are named', async () => {
  const platform = await diagnosed('suggest');
  await heal(platform, 1);
  const suggested = await explained(platform);
  expect(suggested.closed.map(({ gate }) => gate)).toEqual(['autonomy', 'cooldown']);
  expect(closedWhenApproved(suggested)).toMatchObject([
    { gate: 'cooldown', opens_at: minutes(-4) },
  ]);
});
