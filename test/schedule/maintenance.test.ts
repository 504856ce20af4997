/** Maintenance windows that skip runs: which slots, and that no occurrence is lost between two plans. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { listMaintenance, underMaintenance } from '../../src/data/bots/bot-maintenance.ts';
import { planMaintenance } from '../../src/schedule/plan-maintenance.ts';
import { backfill } from '../../src/schedule/backfill.ts';
import { nextRuns } from '../../src/services/bots/next.ts';
import { addMaintenance, type Scope } from '../../src/services/maintenance/add.ts';
import { endMaintenance } from '../../src/services/maintenance/end.ts';
import type { GivenTimes } from '../../src/services/maintenance/times.ts';
import { botOf, finishAll, planned, scene, slots, tick } from './due.ts';

const actor = { name: 'ann', role: 'operator' as const };

/** A window that skips the runs of all bots unless `scope` names some. */
const add = async (db: Db, times: Partial<GivenTimes>, scope: Partial<Scope> = {}) => {
  const { maintenance } = await addMaintenance(
    { db, actor },
    {
      scope: { bots: [], components: [], categories: [], severities: [], skipRuns: true, ...scope },
      times: { timezone: 'UTC', ...times },
      reason: 'upgrade',
    },
  );
  return maintenance;
};

const at = (clock: string) => new Date(`2026-03-02T${clock}Z`);

/** Ticks at these times of 2 March 2026; what is queued ends before the next one. */
async function through(
  { db, at: moveTo }: { db: Db; at(time: string): Promise<void> },
  clocks: string[],
): Promise<void> {
  for (const clock of clocks) {
    await moveTo(`2026-03-02T${clock}Z`);
    await planMaintenance(db);
    await tick(db);
    await finishAll(db);
  }
}
const minutes = (...all: string[]) => all.map((minute) => `00:${minute}:00.4`);

describe('slots', () => {
  test('in a window are skipped, one row each that names it, and the first one after it runs', async () => {
    const scenery = await scene();
    const { db } = scenery;
    await planned(db, ['held', 'free']);
    const times = { from: at('00:02:00'), to: at('00:04:00') };
    const { id } = await add(db, times, { bots: ['held'] });
    await through(scenery, minutes('01', '02', '03', '04', '05'));
    expect(await slots(db, 'held')).toEqual([
      '00:01 success',
      '00:02 skipped maintenance',
      '00:03 skipped maintenance',
      '00:04 success',
      '00:05 success',
    ]);
    expect((await slots(db, 'free')).every((slot) => slot.endsWith('success'))).toBe(true);
    const rows = await db
      .selectFrom('bot_executions')
      .selectAll()
      .where('reason', '=', 'maintenance')
      .execute();
    for (const row of rows)
      expect(row).toMatchObject({
        trigger: 'schedule',
        generation: 0,
        attempt: 0,
        metadata: { maintenance: id },
        completed_at: row.started_at,
      });
  });

  test('of a window that only holds tickets back run', async () => {
    const scenery = await scene();
    await planned(scenery.db, ['bot']);
    await add(scenery.db, { for: 600 }, { skipRuns: false });
    await through(scenery, minutes('01', '02'));
    expect(await slots(scenery.db, 'bot')).toEqual(['00:01 success', '00:02 success']);
  });

  test('before a window whose run would begin in it are skipped too, and so is one that is claimed after its window', async () => {
    const scenery = await scene();
    const { db } = scenery;
    await planned(db, ['bot'], { catch_up: 'all', catch_up_limit: 10 });
    await add(db, { from: at('00:02:30'), to: at('00:04:30') });
    // No scheduler ran from 00:01 to 00:03, nor from there to 00:06.
    await through(scenery, ['00:01:00.4', '00:03:10', '00:06:10']);
    expect(await slots(db, 'bot')).toEqual([
      '00:01 success',
      '00:02 skipped maintenance',
      '00:03 skipped maintenance',
      '00:04 skipped maintenance',
      '00:05 success',
      '00:06 success',
    ]);
  });

  test('that catch-up leaves out are missed, in a window as elsewhere', async () => {
    const scenery = await scene();
    const { db } = scenery;
    await planned(db, ['bot'], { catch_up: 'last' });
    await add(db, { from: at('00:02:00'), to: at('00:20:00') });
    await through(scenery, ['00:01:00.4', '00:10:10', '00:30:10']);
    expect(await slots(db, 'bot')).toEqual([
      '00:01 success',
      '00:02 skipped missed',
      '00:10 skipped maintenance',
      '00:11 skipped missed',
      '00:30 success',
    ]);
  });

  test('of a busy bot are skipped for maintenance, and the bot is not counted as busy by them', async () => {
    const scenery = await scene();
    const { db, at: moveTo } = scenery;
    await planned(db, ['bot']);
    await moveTo('2026-03-02T00:01:00.4Z');
    await tick(db);
    await add(db, { for: 61 });
    await moveTo('2026-03-02T00:02:00.4Z');
    await tick(db);
    await moveTo('2026-03-02T00:03:00.4Z');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual([
      '00:01 queued',
      '00:02 skipped maintenance',
      '00:03 skipped overlap',
    ]);
  });

  test('a person may have run later: each becomes a run', async () => {
    const scenery = await scene();
    const { db } = scenery;
    await planned(db, ['bot']);
    await add(db, { from: at('00:02:00'), to: at('00:04:00') });
    await through(scenery, minutes('01', '02', '03', '04'));
    const { requeued } = await backfill(db, (await botOf(db, 'bot')).id, {
      since: at('00:01:00'),
      limit: 10,
      dryRun: false,
    });
    expect(requeued).toHaveLength(2);
    expect(await slots(db, 'bot')).toEqual([
      '00:01 success',
      '00:02 queued',
      '00:03 queued',
      '00:04 success',
    ]);
    const { rows } = await sql`SELECT metadata FROM bot_executions WHERE status = 'queued'`.execute(
      db,
    );
    expect(rows).toEqual([{ metadata: null }, { metadata: null }]);
  });

  test('of several windows: those of the bot are named before one for all, the oldest first', async () => {
    const scenery = await scene();
    const { db, at: moveTo } = scenery;
    await planned(db, ['bot', 'other']);
    const all = await add(db, { for: 600 });
    const later = await add(db, { for: 600 }, { bots: ['bot'] });
    await moveTo('2026-03-02T00:00:20Z');
    const own = await add(db, { for: 600 }, { bots: ['bot'] });
    expect(later.id).not.toBe(own.id);
    await through(scenery, minutes('01'));
    const { rows } = await sql<{ name: string; window: string }>`
      SELECT b.name, e.metadata ->> 'maintenance' AS window FROM bot_executions e JOIN bots b ON b.id = e.bot_id`.execute(
      db,
    );
    expect(Object.fromEntries(rows.map(({ name, window }) => [name, window]))).toEqual({
      bot: own.id,
      other: all.id,
    });
  });
});

describe('a window that comes again and again', () => {
  const inForce = async (db: Db) => {
    const { rows } = await sql<{ held: boolean }>`
      SELECT ${underMaintenance('f')} AS held
      FROM (SELECT gen_random_uuid() AS bot_id, 'c' AS affected_component, 'k' AS category, 'high' AS severity) f`.execute(
      db,
    );
    return rows[0]!.held;
  };
  /** Each hour of `days` days: in force in the hours [2, 4) in Berlin, whatever was planned when. */
  const sweep = async (
    { db, at: moveTo }: { db: Db; at(time: string): Promise<void> },
    start: string,
    days: number,
  ) => {
    for (let hour = 0; hour < days * 24; hour++) {
      const now = new Date(Date.parse(start) + hour * 3_600_000 + 1_800_000);
      await moveTo(now.toISOString());
      const shown = Number(
        now.toLocaleString('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', hour12: false }),
      );
      const held = await inForce(db);
      if (held !== (shown >= 2 && shown < 4)) return `${now.toISOString()} ${held}`;
    }
    return 'as it should be';
  };

  test('is in force each time for a month with no scheduler at all', async () => {
    const scenery = await scene('2026-03-02T00:00:30Z');
    await add(scenery.db, { cron: '0 2 * * *', for: 7_200, timezone: 'Europe/Berlin' });
    // Until the clocks change, so that the hours are those that Berlin shows.
    expect(await sweep(scenery, '2026-03-02T00:00:00Z', 26)).toBe('as it should be');
  });

  test('goes on after months in which nothing ran, from the first tick on, and forgets what is long over', async () => {
    const scenery = await scene('2026-03-02T00:00:30Z');
    const { db, at: moveTo } = scenery;
    const { id } = await add(db, { cron: '0 2 * * *', for: 7_200, timezone: 'Europe/Berlin' });
    await moveTo('2026-07-01T00:30:00Z');
    expect(await inForce(db)).toBe(false);
    await db
      .updateTable('bot_maintenance')
      .set({ clocks_until: new Date('2026-07-01') })
      .execute();
    expect(await planMaintenance(db)).toEqual([]);
    expect(await inForce(db)).toBe(true);
    expect(await sweep(scenery, '2026-07-02T00:00:00Z', 20)).toBe('as it should be');
    const { rows } = await sql<{ first: Date; count: number; planned: Date }>`
      SELECT lower(occurrences) AS first, (SELECT count(*)::int FROM unnest(occurrences)) AS count, planned_until AS planned
      FROM bot_maintenance WHERE id = ${id}`.execute(db);
    expect(rows[0]!.first >= new Date('2026-06-23')).toBe(true);
    expect(rows[0]!.count).toBeLessThan(50);
    expect(rows[0]!.planned > new Date('2026-08-01')).toBe(true);
  });

  test('is planned once, however many schedulers plan', async () => {
    const { db, at: moveTo } = await scene('2026-03-02T00:00:30Z');
    await add(db, { cron: '0 2 * * *', for: 7_200 });
    await moveTo('2026-03-25T12:00:00Z');
    await Promise.all(Array.from({ length: 6 }, () => planMaintenance(db)));
    const { rows } = await sql<{ day: string }>`
      SELECT to_char(lower(r), 'MM-DD HH24') AS day FROM bot_maintenance, unnest(occurrences) r
      WHERE lower(r) > '2026-03-26' ORDER BY r LIMIT 3`.execute(db);
    expect(rows.map(({ day }) => day)).toEqual(['03-26 02', '03-27 02', '03-28 02']);
    const before = await db.selectFrom('bot_maintenance').selectAll().execute();
    await planMaintenance(db);
    expect(await db.selectFrom('bot_maintenance').selectAll().execute()).toEqual(before);
  });

  test('one whose row cannot be read any more does not keep the others from being planned', async () => {
    const { db, at: moveTo } = await scene('2026-03-02T00:00:30Z');
    const bad = await add(db, { cron: '0 2 * * *', for: 7_200 });
    await add(db, { cron: '0 5 * * *', for: 7_200 });
    await sql`UPDATE bot_maintenance SET schedule_cron = 'x' WHERE id = ${bad.id}`.execute(db);
    await moveTo('2026-07-01T05:30:00Z');
    expect(await planMaintenance(db)).toMatchObject([{ id: bad.id }]);
    expect(await inForce(db)).toBe(true);
  });

  test('ends for tonight, or for good; the slower of two people is told who ended it', async () => {
    const { db, at: moveTo } = await scene('2026-03-02T00:00:30Z');
    const { id } = await add(db, { cron: '0 2 * * *', for: 7_200 });
    await expect(endMaintenance({ db, actor }, { window: id })).rejects.toThrow(
      expect.objectContaining({ why: expect.stringContaining('2026-03-02 02:00:00 UTC') }),
    );
    await moveTo('2026-03-02T03:00:00Z');
    const { maintenance, comesAgain } = await endMaintenance({ db, actor }, { window: id });
    expect(comesAgain).toBe(true);
    expect(maintenance).toMatchObject({
      in_force: false,
      starts_at: new Date('2026-03-03T02:00:00Z'),
      cut_by: 'ann',
      ended_at: null,
    });
    expect(await inForce(db)).toBe(false);
    await moveTo('2026-03-20T03:00:00Z');
    await planMaintenance(db);
    expect(await inForce(db)).toBe(true);
    await endMaintenance({ db, actor }, { window: id, all: true });
    expect(await inForce(db)).toBe(false);
    await moveTo('2026-03-21T03:00:00Z');
    await planMaintenance(db);
    expect(await inForce(db)).toBe(false);
    await expect(endMaintenance({ db, actor }, { window: id, all: true })).rejects.toThrow(
      expect.objectContaining({ why: expect.stringContaining('ann ended it at 2026-03-20') }),
    );
  });
});

describe('what bots next says is what the claim does', () => {
  test.each<[string, Partial<GivenTimes>, object]>([
    ['once', { from: at('00:03:00'), to: at('00:05:00') }, {}],
    ['in the middle of a minute', { from: at('00:03:20'), to: at('00:05:20') }, {}],
    ['again and again', { cron: '*/4 * * * *', for: 120 }, {}],
    ['with jitter', { cron: '*/4 * * * *', for: 120 }, { jitter_seconds: 25 }],
  ])('%s', async (_, times, values) => {
    const scenery = await scene();
    const { db, at: moveTo } = scenery;
    await planned(db, ['bot'], values);
    await add(db, times);
    const { next } = await nextRuns(db, { bot: 'bot', count: 12 });
    const said = next.map(
      ({ slot, maintenance }) =>
        `${slot.toISOString().slice(11, 16)} ${maintenance ? 'skipped maintenance' : 'success'}`,
    );
    expect(new Set(said.map((each) => each.slice(6))).size).toBe(2);
    for (const { start } of next) {
      await moveTo(start.toISOString());
      await tick(db);
      await finishAll(db);
    }
    expect(await slots(db, 'bot')).toEqual(said);
  });

  test('where only the start of a run lies in the window, its jitter being that long', async () => {
    const { db, at: moveTo } = await scene();
    await planned(db, ['bot'], { jitter_seconds: 29 });
    const runs = (await nextRuns(db, { bot: 'bot', count: 20 })).next;
    const late = runs.find(({ slot, start }) => start.getTime() - slot.getTime() > 5_000)!;
    const from = new Date(late.slot.getTime() + 1_000);
    await add(db, { from, to: new Date(from.getTime() + 60_000) });
    const { next } = await nextRuns(db, { bot: 'bot', count: 20 });
    expect(
      next.find(({ slot }) => slot.getTime() === late.slot.getTime())!.maintenance,
    ).not.toBeNull();
    for (const { start } of next) {
      await moveTo(start.toISOString());
      await tick(db);
      await finishAll(db);
    }
    expect(await slots(db, 'bot')).toEqual(
      next.map(
        ({ slot, maintenance }) =>
          `${slot.toISOString().slice(11, 16)} ${maintenance ? 'skipped maintenance' : 'success'}`,
      ),
    );
  });

  test('also beyond what is planned', async () => {
    const { db } = await scene();
    await planned(db, ['bot'], { schedule_cron: '30 3 1 * *' });
    await add(db, { cron: '0 3 1 1 *', for: 7_200 });
    await add(db, { cron: '0 3 1 */2 *', for: 7_200 }, { bots: ['bot'] });
    const [window] = (await listMaintenance(db, { all: true, limit: 5 })).toReversed();
    expect(window!.planned_until! < new Date('2027-02-01')).toBe(true);
    const { next } = await nextRuns(db, { bot: 'bot', count: 24 });
    const skipped = next
      .filter(({ maintenance }) => maintenance)
      .map(({ slot }) => slot.getUTCMonth());
    expect(skipped).toEqual([4, 6, 8, 10, 0, 2, 4, 6, 8, 10, 0, 2]);
    expect(next[9]!.maintenance).toMatchObject({
      reason: 'upgrade',
      ends_at: new Date('2027-01-01T05:00:00Z'),
    });
  });
});
