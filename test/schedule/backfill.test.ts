import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { backfill, type BackfillRequest } from '../../src/schedule/backfill.ts';
import type { Db } from '../../src/database/connect.ts';
import { addBots, botOf, claim, finishAll, plan, planned, scene, slots, tick } from './due.ts';

const at = (clock: string) => new Date(`2026-03-02T${clock}Z`);

async function fill(db: Db, since: string, until?: string, rest: Partial<BackfillRequest> = {}) {
  const { id } = await botOf(db, 'bot');
  const stretch = { since: at(since), until: until === undefined ? undefined : at(until) };
  return backfill(db, id, { ...stretch, limit: 1_000, dryRun: false, ...rest });
}

const triggers = async (db: Db) => {
  const rows = await db
    .selectFrom('bot_executions')
    .select(['trigger', 'generation', 'max_attempts', 'queued_at', 'started_at', 'attempt'])
    .where('status', '=', 'queued')
    .execute();
  return new Set(rows.map((row) => JSON.stringify(row)));
};

const missedRows = async (db: Db) => {
  const rows = await db
    .selectFrom('bot_executions')
    .select(['scheduled_for', 'metadata'])
    .where('reason', '=', 'missed')
    .orderBy('scheduled_for')
    .execute();
  return rows.map(({ scheduled_for, metadata }) => {
    const { count, last } = metadata as { count: number; last: string };
    return [scheduled_for, new Date(last)]
      .map((time) => time!.toISOString().slice(11, 16))
      .concat(String(count))
      .join(' ');
  });
};

describe('slots without a row', () => {
  test("are queued by the bot's own schedule and zone, the end not included", async () => {
    const { db } = await scene('2026-03-02T06:00:30Z');
    await planned(db, ['bot'], {
      schedule_cron: '30 9-13 * * *',
      timezone: 'Asia/Tokyo',
      max_attempts: 5,
    });
    const done = await fill(db, '00:30:00', '03:30:00');
    expect(await slots(db, 'bot')).toEqual(['00:30 queued', '01:30 queued', '02:30 queued']);
    expect(done.inserted).toEqual([at('00:30:00'), at('01:30:00'), at('02:30:00')]);
    const now = at('06:00:30');
    expect(await triggers(db)).toEqual(
      new Set([
        JSON.stringify({
          trigger: 'backfill',
          generation: 0,
          max_attempts: 5,
          queued_at: now,
          started_at: now,
          attempt: 0,
        }),
      ]),
    );
  });

  test('are asked for a second time in vain', async () => {
    const { db } = await scene('2026-03-02T06:00:30Z');
    await planned(db, ['bot'], { schedule_cron: '0 * * * *' });
    await fill(db, '00:00:00');
    const before = await slots(db, 'bot');
    expect(before).toHaveLength(7);
    const again = await fill(db, '00:00:00');
    expect(again).toMatchObject({ inserted: [], requeued: [], ran: [] });
    expect(again.open).toHaveLength(7);
    expect(await slots(db, 'bot')).toEqual(before);
  });

  test('are found once by four commands at the same time', async () => {
    const { db } = await scene('2026-03-02T06:00:30Z');
    await planned(db, ['bot']);
    const all = await Promise.all([1, 2, 3, 4].map(() => fill(db, '00:00:00')));
    const inserted = all.map((one) => one.inserted.length).toSorted((a, b) => a - b);
    expect(inserted).toEqual([0, 0, 0, 361]);
    expect(await slots(db, 'bot')).toHaveLength(361);
  });

  test('of a pause can be made up for once the bot is resumed, and not before', async () => {
    const { db, at: clock } = await scene();
    await planned(db, ['bot'], { schedule_cron: '*/10 * * * *' });
    await db.updateTable('bots').set({ status: 'paused', status_reason: 'a move' }).execute();
    await clock('2026-03-02T00:35:00Z');
    await expect(fill(db, '00:00:00')).rejects.toThrow('it is paused: a move');
    await db.updateTable('bots').set({ status: 'active' }).execute();
    await tick(db);
    expect(await slots(db, 'bot')).toEqual([]);
    await fill(db, '00:10:00');
    expect(await slots(db, 'bot')).toEqual(['00:10 queued', '00:20 queued', '00:30 queued']);
  });

  test.each(['disabled', 'error'] as const)('of a bot in status %s stay away', async (status) => {
    const { db } = await scene('2026-03-02T06:00:30Z');
    await addBots(db, ['bot'], { status });
    await expect(fill(db, '00:00:00')).rejects.toThrow('the missed slots of bot cannot be run now');
    expect(await slots(db, 'bot')).toEqual([]);
  });
});

describe('slots with a row', () => {
  test('that was skipped are queued again; whatever ran stays as it is', async () => {
    const { db, at: clock } = await scene();
    await planned(db, ['bot']);
    for (const minute of ['00:01:00', '00:02:00', '00:03:00']) {
      await clock(`2026-03-02T${minute}Z`);
      await tick(db);
    }
    await sql`UPDATE bot_executions SET status = 'failed', completed_at = engine.now(), reason = 'check errored'
              WHERE status = 'queued'`.execute(db);
    expect(await slots(db, 'bot')).toEqual([
      '00:01 failed check errored',
      '00:02 skipped overlap',
      '00:03 skipped overlap',
    ]);
    const done = await fill(db, '00:00:30', '00:03:00');
    expect(await slots(db, 'bot')).toEqual([
      '00:01 failed check errored',
      '00:02 queued',
      '00:03 skipped overlap',
    ]);
    expect(done.ran.map(({ status }) => status)).toEqual(['failed']);
    expect(done.requeued.map(({ reason }) => reason)).toEqual(['overlap']);
    expect(await triggers(db)).toHaveLength(1);
  });

  test('that once had an entry keep their generation', async () => {
    const { db } = await scene('2026-03-02T00:05:30Z');
    await planned(db, ['bot']);
    const { id } = await botOf(db, 'bot');
    const skipped = { status: 'skipped', reason: 'kill_switch', completed_at: at('00:04:01') };
    await db
      .insertInto('bot_executions')
      .values({
        bot_id: id,
        scheduled_for: at('00:04:00'),
        generation: 3,
        started_at: at('00:04:00'),
        ...skipped,
      } as never)
      .execute();
    await fill(db, '00:04:00', '00:05:00');
    expect([...(await triggers(db))][0]).toContain('"generation":3');
  });
});

describe('a stretch of missed slots that shares one row', () => {
  /** A bot of every minute whose slots 00:01 to 00:19 were missed; 00:20 has run. */
  async function afterDowntime(metadata?: object) {
    const { db, at: clock } = await scene();
    await planned(db, ['bot']);
    await clock('2026-03-02T00:20:30Z');
    await tick(db);
    await finishAll(db);
    expect(await missedRows(db)).toEqual(['00:01 00:19 19']);
    if (metadata)
      await sql`UPDATE bot_executions SET metadata = ${JSON.stringify(metadata)} WHERE reason = 'missed'`.execute(
        db,
      );
    return db;
  }
  const queued = async (db: Db) =>
    (await slots(db, 'bot'))
      .filter((slot) => slot.endsWith('queued'))
      .map((one) => one.slice(0, 5));

  test('is dissolved when all of it is made up for', async () => {
    const db = await afterDowntime();
    const done = await fill(db, '00:00:00');
    expect(await missedRows(db)).toEqual([]);
    // 00:00 was before the bot's first slot, and it has the schedule for it
    expect(await queued(db)).toHaveLength(20);
    expect({ inserted: done.inserted.length, requeued: done.requeued.length }).toEqual({
      inserted: 19,
      requeued: 1,
    });
  });

  test.each([
    ['its beginning', '00:01:00', '00:05:00', ['00:05 00:19 15'], 4],
    ['its middle', '00:05:00', '00:10:00', ['00:01 00:04 4', '00:10 00:19 10'], 5],
    ['its end', '00:15:00', '00:20:00', ['00:01 00:14 14'], 5],
    ['its first slot', '00:01:00', '00:02:00', ['00:02 00:19 18'], 1],
    ['its last slot', '00:19:00', '00:19:01', ['00:01 00:18 18'], 1],
  ])('is divided when %s is made up for', async (_, since, until, rest, count) => {
    const db = await afterDowntime();
    await fill(db, since, until);
    expect(await missedRows(db)).toEqual(rest);
    expect(await queued(db)).toHaveLength(count);
    // Made up for piece by piece it ends as if it had been one piece.
    await fill(db, '00:01:00');
    expect(await missedRows(db)).toEqual([]);
    expect(await queued(db)).toHaveLength(19);
  });

  test('is not changed by later slots, nor by a dry run', async () => {
    const db = await afterDowntime();
    const before = await slots(db, 'bot');
    await fill(db, '00:20:00');
    const { inserted } = await fill(db, '00:05:00', '00:10:00', { dryRun: true });
    expect(inserted).toHaveLength(5);
    expect(await slots(db, 'bot')).toEqual(before);
    expect(await missedRows(db)).toEqual(['00:01 00:19 19']);
  });

  test('of another schedule stays, and slots of the present one are queued beside it', async () => {
    const db = await afterDowntime();
    await db.updateTable('bots').set({ schedule_cron: '*/7 * * * *' }).execute();
    await plan(db);
    const done = await fill(db, '00:00:00');
    expect(done.left).toHaveLength(1);
    expect(await queued(db)).toEqual(['00:00', '00:07', '00:14']);
    expect(await missedRows(db)).toEqual(['00:01 00:19 19']);
    expect((await fill(db, '00:00:00')).inserted).toEqual([]);
  });

  test.each([[{}], [{ count: 'many', last: 'soon' }], [{ count: -1, last: '2026-03-02' }]])(
    'whose metadata is %j stands for its own slot',
    async (metadata) => {
      const db = await afterDowntime(metadata);
      await fill(db, '00:01:00', '00:03:00');
      expect(await queued(db)).toEqual(['00:01', '00:02']);
      expect(await missedRows(db)).toEqual([]);
    },
  );
});

describe('a stretch', () => {
  test.each([
    ['that begins in the future', '01:00:00', undefined, 'lies in the future'],
    ['that ends in the future', '00:00:00', '01:00:00', 'lies in the future'],
    ['that ends where it begins', '00:10:00', '00:10:00', 'the period is empty'],
    ['of more slots than allowed', '00:00:00', undefined, 'more than 20 slots'],
  ])('%s is refused, and nothing is written', async (_, since, until, why) => {
    const { db } = await scene('2026-03-02T00:30:30Z');
    await planned(db, ['bot']);
    await expect(fill(db, since, until, { limit: 20 })).rejects.toThrow(why);
    expect(await slots(db, 'bot')).toEqual([]);
  });

  test("is judged by the database's clock", async () => {
    const { db } = await scene('2031-01-01T00:00:30Z');
    await planned(db, ['bot'], { schedule_cron: '@hourly' });
    const { id } = await botOf(db, 'bot');
    const request = { limit: 10, dryRun: false };
    const { inserted } = await backfill(db, id, { ...request, since: { secondsAgo: 3_600 } });
    expect(inserted).toEqual([new Date('2031-01-01T00:00:00Z')]);
  });

  test('ends where the scheduler has not claimed yet: no slot is taken from its catch-up', async () => {
    const { db, at: clock } = await scene();
    await planned(db, ['bot'], { schedule_cron: '*/10 * * * *' });
    await clock('2026-03-02T00:35:00Z');
    const { unclaimed, inserted } = await fill(db, '00:00:00');
    expect(unclaimed).toEqual(at('00:10:00'));
    expect(inserted).toEqual([at('00:00:00')]);
    await claim(db);
    expect(await slots(db, 'bot')).toEqual([
      '00:00 queued',
      '00:10 skipped missed',
      '00:30 queued',
    ]);
  });
});

describe('while a backfill waits', () => {
  test('slots of the schedule go on, and keep their own overlap rule', async () => {
    const { db, at: clock } = await scene('2026-03-02T00:05:30Z');
    await planned(db, ['bot']);
    await fill(db, '00:02:00', '00:04:00');
    for (const minute of ['00:06:00', '00:07:00']) {
      await clock(`2026-03-02T${minute}Z`);
      await tick(db);
    }
    expect(await slots(db, 'bot')).toEqual([
      '00:02 queued',
      '00:03 queued',
      '00:06 queued',
      '00:07 skipped overlap',
    ]);
  });
});
