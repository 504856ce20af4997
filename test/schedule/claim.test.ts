import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import type { RunEntry } from '../../src/queue/run-queue.ts';
import { claimDue } from '../../src/schedule/claim.ts';
import { ExpectedSlots } from '../../src/schedule/slot-times.ts';
import { addBots, botOf, claim, finishAll, plan, planned, scene, slots, tick } from './due.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `bot-${index}`);

describe('many schedulers', () => {
  test('eight of them and 300 due bots give every slot exactly one row and one entry', async () => {
    const { db, url, at } = await scene();
    await planned(db, many(300));
    const schedulers = Array.from({ length: 8 }, () => ({
      db: connect(url, { max: 1 }),
      expected: new ExpectedSlots(),
    }));
    const entries: RunEntry[] = [];
    const enqueue = async (added: RunEntry[]) => void entries.push(...added);
    try {
      for (const time of ['00:01:00', '00:02:00.5', '00:03:59']) {
        await at(`2026-03-02T${time}Z`);
        await Promise.all(schedulers.map((one) => claimDue(one.db, one.expected, enqueue)));
        // whoever came first may have left a few to the next tick
        await Promise.all(schedulers.map((one) => claimDue(one.db, one.expected, enqueue)));
        await finishAll(db);
      }
    } finally {
      await Promise.all(schedulers.map((one) => one.db.destroy()));
    }
    const { rows } = await sql<{ slot: string; bots: number; rows: number }>`
      SELECT to_char(scheduled_for AT TIME ZONE 'UTC', 'HH24:MI') AS slot, count(DISTINCT bot_id)::int AS bots,
             count(*)::int AS rows
      FROM bot_executions GROUP BY 1 ORDER BY 1`.execute(db);
    expect(rows).toEqual(
      ['00:01', '00:02', '00:03'].map((slot) => ({ slot, bots: 300, rows: 300 })),
    );
    expect(new Set(entries.map(({ id }) => id)).size).toBe(900);
    expect(entries).toHaveLength(900);
  });

  test('a batch and its limit do not keep the rest waiting for another tick', async () => {
    const { db, at } = await scene();
    await planned(db, many(900));
    await planned(db, many(1_700).slice(900));
    await at('2026-03-02T00:01:00Z');
    const { queued, unclaimed } = await claim(db);
    expect({ queued: queued.length, unclaimed }).toEqual({ queued: 1_700, unclaimed: 0 });
  });
});

test('a queue that is away is asked once, costs no slot, and is told at the end', async () => {
  const { db, at } = await scene();
  await planned(db, many(900));
  await planned(db, many(1_300).slice(900), { catch_up: 'skip' });
  await at('2026-03-02T00:01:00Z');
  let asked = 0;
  const away = () => {
    asked += 1;
    return Promise.reject(new Error('the queue is away'));
  };
  await expect(claimDue(db, new ExpectedSlots(), away)).rejects.toThrow('the queue is away');
  expect(asked).toBe(1);
  const rows = await db
    .selectFrom('bot_executions')
    .select(['status', sql<number>`count(*)::int`.as('count')])
    .groupBy('status')
    .execute();
  expect(rows).toEqual([{ status: 'queued', count: 1_300 }]);
});

describe('more schedules than are remembered', () => {
  /** 120 bots, each with a schedule of its own, that are due at every minute of the test. */
  const own = (db: Parameters<typeof plan>[0]) =>
    sql`UPDATE bots SET schedule_cron = '0-' || (10 + i % 49) || ' * * * *', timezone =
          (ARRAY['UTC', 'Europe/Berlin', 'Asia/Tokyo'])[1 + i / 49]
        FROM (SELECT id, row_number() OVER (ORDER BY name)::int AS i FROM bots) AS numbered
        WHERE numbered.id = bots.id`.execute(db);

  test('are claimed all the same, every slot once', async () => {
    const { db, at } = await scene();
    await addBots(db, many(120));
    await own(db);
    await plan(db);
    const { rows: texts } = await sql`SELECT DISTINCT schedule_cron, timezone FROM bots`.execute(
      db,
    );
    expect(texts).toHaveLength(120);
    const expected = new ExpectedSlots(50);
    const minutes = ['00:01', '00:02', '00:03', '00:04'];
    for (const minute of minutes) {
      await at(`2026-03-02T${minute}:00.5Z`);
      const { queued, unclaimed } = await claim(db, expected);
      expect({ queued: queued.length, unclaimed }).toEqual({ queued: 120, unclaimed: 0 });
      await finishAll(db);
    }
    const { rows } = await sql<{ rows: number; slots: number }>`
      SELECT count(*)::int AS rows, count(DISTINCT (bot_id, scheduled_for))::int AS slots
      FROM bot_executions WHERE status = 'success'`.execute(db);
    expect(rows).toEqual([{ rows: 480, slots: 480 }]);
  });
});

describe('locks', () => {
  test("another session's FOR UPDATE on a bot delays that bot alone", async () => {
    const { db, at } = await scene();
    await planned(db, ['held', 'free']);
    await at('2026-03-02T00:01:00Z');
    await db.transaction().execute(async (trx) => {
      await sql`SELECT FROM bots WHERE name = 'held' FOR UPDATE`.execute(trx);
      const { queued } = await tick(db);
      expect(queued).toHaveLength(1);
      expect(await slots(db, 'free')).toEqual(['00:01 queued']);
    });
    await tick(db);
    expect(await slots(db, 'held')).toEqual(['00:01 queued']);
  });

  test('adding findings to a bot does not delay its claim', async () => {
    const { db, at } = await scene();
    await planned(db, ['watched']);
    const { id } = await botOf(db, 'watched');
    await at('2026-03-02T00:01:00Z');
    await db.transaction().execute(async (trx) => {
      await trx
        .insertInto('bot_findings')
        .values({
          bot_id: id,
          severity: 'high',
          category: 'c',
          title: 't',
          check_name: 'c',
          component_key: 'k',
          fingerprint: 'f',
        })
        .execute();
      await tick(db);
      expect(await slots(db, 'watched')).toEqual(['00:01 queued']);
    });
  });
});

describe('overlap', () => {
  test('skip: a slot that finds a run open is written down as skipped', async () => {
    const { db, at } = await scene();
    await planned(db, ['slow']);
    for (const minute of [1, 2, 3]) {
      await at(`2026-03-02T00:0${minute}:00Z`);
      await tick(db);
      if (minute === 2) await finishAll(db);
    }
    expect(await slots(db, 'slow')).toEqual([
      '00:01 success',
      '00:02 skipped overlap',
      '00:03 queued',
    ]);
  });

  test('queue: one waits behind the running one, the next is skipped', async () => {
    const { db, at } = await scene();
    await planned(db, ['slow'], { overlap: 'queue' });
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    await sql`UPDATE bot_executions SET status = 'running', fence = 1, lease_until = now(), worker = 'w'`.execute(
      db,
    );
    for (const minute of [2, 3]) {
      await at(`2026-03-02T00:0${minute}:00Z`);
      await tick(db);
    }
    expect(await slots(db, 'slow')).toEqual([
      '00:01 running',
      '00:02 queued',
      '00:03 skipped overlap',
    ]);
  });

  test('concurrency 2 lets a second run in and no third', async () => {
    const { db, at } = await scene();
    await planned(db, ['pair'], { concurrency: 2 });
    for (const minute of [1, 2, 3]) {
      await at(`2026-03-02T00:0${minute}:00Z`);
      await tick(db);
    }
    expect(await slots(db, 'pair')).toEqual([
      '00:01 queued',
      '00:02 queued',
      '00:03 skipped overlap',
    ]);
  });

  test('a run that verifies a cure is no overlap', async () => {
    const { db, at } = await scene();
    await planned(db, ['healed']);
    const { id } = await botOf(db, 'healed');
    await db
      .insertInto('bot_executions')
      .values({ bot_id: id, status: 'queued', trigger: 'verify', started_at: new Date() })
      .execute();
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    expect(await slots(db, 'healed')).toContain('00:01 queued');
  });
});

describe('jitter', () => {
  const distances = (db: Parameters<typeof plan>[0]) =>
    sql<{ name: string; late: number }>`
    SELECT name, extract(epoch FROM next_execution_at - next_slot_at)::float8 AS late FROM bots ORDER BY name`.execute(
      db,
    );

  test('is the same for a slot whoever computes it, and below half the interval', async () => {
    const { db, at } = await scene();
    await planned(db, many(100), { schedule_cron: '*/10 * * * *', jitter_seconds: 86_400 });
    for (const time of ['00:00:30', '00:19:59']) {
      await at(`2026-03-02T${time}Z`);
      await tick(db);
      const { rows } = await distances(db);
      for (const { late } of rows) {
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThan(300);
      }
      expect(new Set(rows.map(({ late }) => late)).size).toBeGreaterThan(90);
    }
    const before = (await distances(db)).rows;
    await sql`UPDATE bots SET next_slot_at = NULL, next_execution_at = NULL`.execute(db);
    await plan(db);
    expect((await distances(db)).rows).toEqual(before);
  });

  test('is below half of the interval that follows the slot, where intervals differ', async () => {
    const { db, at } = await scene();
    // :00 is followed by :01, which is followed by :00 an hour later
    await planned(db, many(50), { schedule_cron: '0,1 * * * *', jitter_seconds: 3_600 });
    await at('2026-03-02T00:59:59Z');
    await tick(db);
    const { rows } = await sql<{ late: number }>`
      SELECT extract(epoch FROM next_execution_at - next_slot_at)::float8 AS late FROM bots
      WHERE next_slot_at = '2026-03-02T01:00:00Z'`.execute(db);
    expect(rows).toHaveLength(50);
    expect(Math.max(...rows.map(({ late }) => late))).toBeLessThan(30);
  });

  test('a bot runs at its jittered time and its run carries the nominal one', async () => {
    const { db, at } = await scene();
    await addBots(db, many(20), { schedule_cron: '*/10 * * * *', jitter_seconds: 240 });
    await plan(db);
    await at('2026-03-02T00:12:00Z');
    await tick(db);
    const { rows } = await sql<{ early: number; wrong: number; runs: number }>`
      SELECT count(*) FILTER (WHERE e.scheduled_for <> '2026-03-02T00:10:00Z')::int AS wrong, count(*)::int AS runs,
             (SELECT count(*)::int FROM bots b WHERE b.next_execution_at <= engine.now()) AS early
      FROM bot_executions e`.execute(db);
    expect(rows[0]).toMatchObject({ early: 0, wrong: 0 });
    expect(rows[0]!.runs).toBeGreaterThan(0);
    expect(rows[0]!.runs).toBeLessThan(20);
  });
});
