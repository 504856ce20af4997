import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { bounds } from '../../src/heal/statistics/betting-bounds.ts';
import { settle } from '../../src/maintain/settle.ts';
import { entry, playbook } from '../support/builders.ts';
import { clean, diagnosed, figures, healed, idOf, leftAlone, miscounted } from './outcomes.ts';
import { leftBehind, simulatedPlatform } from './simulated-platform.ts';

const seed = entry('clean', clean);
const days = (count: number) => sql<Date>`engine.now() - make_interval(days => ${count})`;

describe('the context', () => {
  const about = { fingerprint: 'f', component: 'disk', category: 'trouble' };
  const elsewhere = { component: 'memory', category: 'other' };

  test('is the narrowest with five decided heals', async () => {
    const platform = await diagnosed([seed]);
    const context = async () => (await figures(platform, 'clean', about)).context;
    expect(await context()).toBe('all');
    await healed(platform, 'clean', { held: 5 }, elsewhere);
    expect(await context()).toBe('all');
    await healed(platform, 'clean', { failed: 4 }, { component: 'memory' });
    expect(await context()).toBe('all');
    await healed(platform, 'clean', { relapsed: 1 }, { component: 'memory' });
    expect(await context()).toBe('category');
    await healed(platform, 'clean', { held: 5 });
    expect(await context()).toBe('component');
    await healed(platform, 'clean', { held: 4, unknown: 0, aborted: 3 }, { fingerprint: 'f' });
    expect(await context()).toBe('component');
    await healed(platform, 'clean', { failed: 1 }, { fingerprint: 'f' });
    expect(await context()).toBe('fingerprint');
  });

  test('contains only its own outcomes', async () => {
    const platform = await diagnosed([seed]);
    await healed(platform, 'clean', { held: 6 });
    await healed(platform, 'clean', { failed: 4 }, elsewhere);
    await healed(platform, 'clean', { held: 2 }, { fingerprint: 'f' });
    const { records } = await figures(platform, 'clean', about);
    expect(records).toMatchObject({
      fingerprint: { decided: 2, held: 2 },
      component: { decided: 8, held: 8 },
      category: { decided: 8, held: 8 },
      all: { decided: 12, held: 8, failed: 4 },
    });
    expect(records.component.lower).toBeCloseTo(bounds({ successes: 8, trials: 8 }).lower, 3);
    expect(records.all.lower).toBeCloseTo(bounds({ successes: 8, trials: 12 }).lower, 3);
  });

  test('of an entry that was never applied is all components, and has no figures', async () => {
    const platform = await diagnosed([seed]);
    expect(await figures(platform, 'clean', about)).toMatchObject({
      context: 'all',
      records: { all: { decided: 0, weight: 0, lower: 0, lastRelapse: null } },
      lift: null,
    });
  });
});

describe('an outcome', () => {
  test.each([
    ['held', { decided: 1, held: 1 }],
    ['relapsed', { decided: 1, relapsed: 1 }],
    ['failed', { decided: 1, failed: 1 }],
    ['undone', { decided: 1, relapsed: 1 }],
    ['verified', { decided: 0 }],
    ['applied', { decided: 0 }],
    ['intent', { decided: 0 }],
    ['unknown', { decided: 0 }],
    ['aborted', { decided: 0 }],
  ] as const)('of a heal that is %s counts so', async (state, counted) => {
    const platform = await diagnosed([seed]);
    await healed(platform, 'clean', { [state]: 1 });
    const { records } = await figures(platform, 'clean');
    expect(records.all).toMatchObject({ held: 0, relapsed: 0, failed: 0, ...counted });
    expect(await miscounted(platform.db)).toEqual([]);
  });

  test("is that of the heal's last step: heals count, and not rows", async () => {
    const platform = await diagnosed([seed]);
    for (const last of ['held', 'failed'] as const) {
      const heal_id = crypto.randomUUID();
      await healed(platform, 'clean', { failed: 2 }, { heal_id, step: 0 });
      await sql`UPDATE bot_actions SET step = 1 WHERE id = (SELECT id FROM bot_actions WHERE heal_id = ${heal_id} LIMIT 1)`.execute(
        platform.db,
      );
      await healed(platform, 'clean', { [last]: 1 }, { heal_id, step: 2 });
    }
    const { records } = await figures(platform, 'clean');
    expect(records.all).toMatchObject({ decided: 2, held: 1, failed: 1 });
    expect(await miscounted(platform.db)).toEqual([]);
  });

  test('weighs half as much after its half-life, a quarter after two', async () => {
    const platform = await diagnosed([seed]);
    const weight = async () => (await figures(platform, 'clean')).records.all.weight;
    await healed(platform, 'clean', { held: 1 }, { settled_at: days(90) });
    expect(await weight()).toBeCloseTo(0.5, 4);
    await healed(platform, 'clean', { held: 1 }, { settled_at: days(180) });
    expect(await weight()).toBeCloseTo(0.75, 4);
    await sql`UPDATE bot_knowledge SET half_life_days = 180`.execute(platform.db);
    expect(await weight()).toBeCloseTo(Math.SQRT1_2 + 0.5, 4);
  });

  test('of long ago gives way to newer ones, and says less by itself', async () => {
    const platform = await diagnosed([seed]);
    await healed(platform, 'clean', { held: 10 }, { settled_at: days(360) });
    const old = (await figures(platform, 'clean')).records.all;
    expect(old.decided).toBe(10);
    expect(old.lower).toBeLessThan(bounds({ successes: 1, trials: 1 }).lower);
    await healed(platform, 'clean', { failed: 3 });
    expect((await figures(platform, 'clean')).records.all.lower).toBeLessThan(0.1);
  });
});

describe('what was tried several times on one finding', () => {
  const finding_id = sql`(SELECT id FROM bot_findings LIMIT 1)`;

  test('weighs as much as what was tried once, and is counted as often as it was', async () => {
    const platform = await diagnosed([seed]);
    await healed(platform, 'clean', { failed: 3, held: 1 }, { finding_id });
    await healed(platform, 'clean', { held: 2 });
    const { all } = (await figures(platform, 'clean')).records;
    expect(all).toMatchObject({ decided: 6, held: 3, failed: 3 });
    expect(all.weight).toBeCloseTo(3, 3);
    expect(all.heldWeight).toBeCloseTo(2.25, 3);
    expect(all.upper).toBeCloseTo(bounds({ successes: 2.25, trials: 3 }).upper, 3);
    expect(await miscounted(platform.db)).toEqual([]);
  });

  test('counts by entry', async () => {
    const platform = await diagnosed([seed, entry('other', clean)]);
    for (const name of ['clean', 'other'])
      await healed(platform, name, { failed: 1 }, { finding_id });
    expect((await figures(platform, 'clean')).records.all.weight).toBeCloseTo(1, 3);
  });
});

describe('the newest outcomes', () => {
  const at = (hours: number) => ({
    settled_at: sql<Date>`engine.now() - make_interval(hours => ${hours})`,
  });

  test('are described by the worst stretch of them', async () => {
    const platform = await diagnosed([seed]);
    expect((await figures(platform, 'clean')).records.all).toMatchObject({
      recent: null,
      newestHeld: false,
    });
    await healed(platform, 'clean', { held: 120 }, at(50));
    await healed(platform, 'clean', { failed: 3 }, at(40));
    await healed(platform, 'clean', { held: 1 }, at(30));
    await healed(platform, 'clean', { relapsed: 2 }, at(20));
    const { all } = (await figures(platform, 'clean')).records;
    expect(all.recent).toMatchObject({ decided: 6, held: 1 });
    expect(all.recent!.upper).toBeCloseTo(bounds({ successes: 1, trials: 6 }).upper, 2);
    expect(all.newestHeld).toBe(false);
    await healed(platform, 'clean', { held: 1 }, at(10));
    expect((await figures(platform, 'clean')).records.all.newestHeld).toBe(true);
  });
});

describe('relapses', () => {
  const at = (hours: number) => ({
    settled_at: sql<Date>`engine.now() - make_interval(hours => ${hours})`,
  });

  test('in a row are the newest two outcomes', async () => {
    const platform = await diagnosed([seed]);
    const twice = async () => (await figures(platform, 'clean')).records.all.relapsedTwice;
    await healed(platform, 'clean', { relapsed: 1 }, at(50));
    expect(await twice()).toBe(false);
    await healed(platform, 'clean', { undone: 1 }, at(40));
    expect(await twice()).toBe(true);
    await healed(platform, 'clean', { held: 1 }, at(30));
    expect(await twice()).toBe(false);
    await healed(platform, 'clean', { relapsed: 1 }, at(20));
    expect(await twice()).toBe(false);
  });

  test('are told with the time of the last one', async () => {
    const platform = await diagnosed([seed]);
    await healed(platform, 'clean', { relapsed: 1 }, at(72));
    await healed(platform, 'clean', { relapsed: 1, held: 1 }, at(24));
    const { lastRelapse } = (await figures(platform, 'clean')).records.all;
    expect(Date.now() - lastRelapse!.getTime()).toBeCloseTo(24 * 3_600_000, -5);
  });
});

describe('what happens without the entry', () => {
  test('is the share of untouched findings that recovered, and the lift is measured against it', async () => {
    const platform = await diagnosed([seed], { holdsOut: true });
    await leftAlone(platform, 'clean', { recovered: 7, persisted: 3 });
    await healed(platform, 'clean', { held: 9, failed: 1 });
    const { untouched, lift } = await figures(platform, 'clean');
    expect(untouched).toEqual({
      recovered: 7,
      persisted: 3,
      rate: 0.7,
      upper: bounds({ successes: 7, trials: 10 }).upper,
    });
    expect(lift).toBeCloseTo(0.2, 4);
  });

  test('is counted within one half-life, without findings that wait or that somebody touched', async () => {
    const platform = await diagnosed([seed], { holdsOut: true });
    await leftAlone(platform, 'clean', { recovered: 4 }, { days: 91 });
    await leftAlone(platform, 'clean', { persisted: 2 }, { days: 89 });
    await sql`
      INSERT INTO bot_decisions (bot_id, knowledge_id, fingerprint, verdict, outcome, settled_at)
      SELECT (SELECT id FROM bots), id, 'x', 'shadowed', o, engine.now() FROM bot_knowledge, unnest('{pending,touched}'::text[]) o`.execute(
      platform.db,
    );
    expect((await figures(platform, 'clean')).untouched).toMatchObject({
      recovered: 0,
      persisted: 2,
    });
  });

  test("is the component's own where five of its are known", async () => {
    const platform = await diagnosed([seed], { holdsOut: true });
    await leftAlone(platform, 'clean', { persisted: 20 }, { component: 'memory' });
    await leftAlone(platform, 'clean', { recovered: 4 });
    const rate = async () =>
      (await figures(platform, 'clean', { component: 'disk' })).untouched.rate;
    expect(await rate()).toBeCloseTo(4 / 24, 9);
    await leftAlone(platform, 'clean', { recovered: 1 });
    expect(await rate()).toBe(1);
    expect((await figures(platform, 'clean')).untouched.rate).toBeCloseTo(5 / 25, 9);
  });

  test('gives no lift while it is unknown', async () => {
    const platform = await diagnosed([seed], { holdsOut: true });
    await healed(platform, 'clean', { held: 9 });
    expect(await figures(platform, 'clean')).toMatchObject({
      untouched: { rate: null, upper: 1 },
      lift: null,
    });
  });
});

test('the columns of an entry agree with its actions after every course that a heal can take', async () => {
  const platform = await simulatedPlatform(
    [entry('clean', playbook('disk.clean', 'disk.second')), entry('other', playbook('disk.third'))],
    [
      { name: 'disk.clean', works: false },
      { name: 'disk.second' },
      { name: 'disk.third', throws: true },
    ],
  );
  const { db } = platform;
  const rounds = async (...broken: boolean[]) => {
    for (const each of broken) {
      if (each) platform.broken.add('disk');
      else platform.broken.clear();
      await platform.round();
      await sql`UPDATE bot_actions SET taken_at = taken_at - interval '2 hours', applied_at = applied_at - interval '2 hours',
                hold_until = hold_until - interval '2 hours', settled_at = settled_at - interval '2 hours'`.execute(
        db,
      );
      await settle(db, platform.engine.catalogue);
      expect(await miscounted(db)).toEqual([]);
    }
  };
  await rounds(true, false, false, true, true, false, true, false);
  await sql`UPDATE bot_actions SET state = 'undone', success = false WHERE state = 'held'`.execute(
    db,
  );
  expect(await miscounted(db)).toEqual([]);
  const { times_applied } = await db
    .selectFrom('bot_knowledge')
    .select('times_applied')
    .orderBy('times_applied', 'desc')
    .executeTakeFirstOrThrow();
  expect(times_applied).toBeGreaterThan(1);
});

test('outcomes that eight connections write at once are counted exactly', async () => {
  const platform = await diagnosed([seed, entry('other', clean)]);
  const { db, engine } = platform;
  const each = 25;
  await healed(platform, 'clean', { verified: 4 * each });
  await healed(platform, 'other', { verified: 4 * each });
  const { rows } = await sql<{
    id: string;
  }>`SELECT id FROM bot_actions ORDER BY md5(id::text)`.execute(db);
  const waiting = rows.map(({ id }) => id);
  const connections = Array.from({ length: 8 }, () => connect(engine.url, { max: 1 }));
  try {
    await Promise.all(
      connections.map(async (one, index) => {
        const state = index % 2 === 0 ? 'held' : 'relapsed';
        for (let id = waiting.pop(); id; id = waiting.pop())
          await sql`UPDATE bot_actions SET state = ${state}, success = ${state === 'held'}, settled_at = engine.now()
                    WHERE id = ${id}`.execute(one);
      }),
    );
  } finally {
    for (const one of connections) await one.destroy();
  }
  expect(await miscounted(db)).toEqual([]);
  for (const name of ['clean', 'other']) {
    const id = await idOf(platform, name);
    const { held, applied } = await db
      .selectFrom('bot_actions')
      .select(sql<number>`(count(*) FILTER (WHERE state = 'held'))::int`.as('held'))
      .select(sql<number>`count(*)::int`.as('applied'))
      .where('knowledge_id', '=', id)
      .executeTakeFirstOrThrow();
    const row = await db
      .selectFrom('bot_knowledge')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ times_applied: applied, times_successful: held });
    expect(applied).toBe(4 * each);
    expect(Number(row.success_rate)).toBeCloseTo((100 * held) / applied, 2);
  }
});

test('an intent counts for nothing, an application once', async () => {
  const platform = await diagnosed([seed]);
  const { id } = await leftBehind(platform, 'clean', 'disk.clean', 'intent');
  const counted = () =>
    platform.db.selectFrom('bot_knowledge').select('times_applied').executeTakeFirst();
  expect(await counted()).toEqual({ times_applied: 0 });
  await sql`UPDATE bot_actions SET state = 'applied', applied_at = engine.now() WHERE id = ${id}`.execute(
    platform.db,
  );
  expect(await counted()).toEqual({ times_applied: 1 });
  await sql`UPDATE bot_actions SET state = 'failed' WHERE id = ${id}`.execute(platform.db);
  expect(await counted()).toEqual({ times_applied: 1 });
});
