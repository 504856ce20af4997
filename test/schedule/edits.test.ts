import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { addBots, botOf, claim, finishAll, plan, planned, scene, slots, tick } from './due.ts';

const day = '2026-03-02';

/** `02:00 +90`: the next slot, and how many seconds later the run starts; `-` where nothing is planned. */
async function next(db: Db): Promise<string> {
  const { rows } = await sql<{ next: string | null }>`
    SELECT to_char(next_slot_at AT TIME ZONE 'UTC', 'HH24:MI')
           || ' +' || round(extract(epoch FROM next_execution_at - next_slot_at)) AS next
    FROM bots`.execute(db);
  return rows[0]!.next ?? '-';
}

/** What an admin writes with an SQL client of theirs. */
const by = (db: Db, change: string) => sql.raw(`UPDATE bots SET ${change}`).execute(db);

/** A bot of every hour, planned at 00:10. */
async function anHourlyBot(values: object = {}) {
  const one = await scene(`${day}T00:10:00Z`);
  await planned(one.db, ['bot'], { schedule_cron: '0 * * * *', ...values });
  return one;
}

describe('after an edit in plain SQL the next tick plans', () => {
  test.each([
    ['another schedule', "schedule_cron = '30 */2 * * *'", '00:30 +0'],
    ['a word for a schedule', "schedule_cron = '@daily'", '00:00 +0'],
    ['a zone in the schedule', "schedule_cron = 'CRON_TZ=Asia/Kolkata 0 6 * * *'", '00:30 +0'],
    ['another zone', "timezone = 'Asia/Kolkata'", '00:30 +0'],
    ['another config', `config = '{"level": 2}'`, '01:00 +0'],
    ['another endpoint', "api_endpoint = 'bot:watch'", '01:00 +0'],
    ['another catch-up', "catch_up = 'all', catch_up_limit = 3, grace_seconds = 0", '01:00 +0'],
    ['another overlap', "overlap = 'queue', concurrency = 2", '01:00 +0'],
    ['other limits', 'timeout_seconds = 5, max_attempts = 1, priority = 9', '01:00 +0'],
    ['a schedule that is the same', "schedule_cron = '0 * * * *'", '01:00 +0'],
    ['an emptied slot', 'next_slot_at = NULL, next_execution_at = NULL', '01:00 +0'],
    ['a slot moved by hand', `next_execution_at = '${day} 01:00:07Z'`, '01:00 +7'],
  ])('%s', async (_, change, expected) => {
    const { db } = await anHourlyBot();
    expect(await next(db)).toBe('01:00 +0');
    await by(db, change);
    await plan(db);
    expect(await next(db)).toBe(expected);
    expect((await botOf(db, 'bot')).status).toBe('active');
  });
});

describe('an edit of the jitter', () => {
  test('moves the start of the slot that is planned, and back', async () => {
    const { db } = await anHourlyBot();
    await by(db, 'jitter_seconds = 600');
    // Until the bot is planned again, no scheduler can claim it by its old time.
    expect((await botOf(db, 'bot')).next_execution_at).toBeNull();
    await plan(db);
    const spread = await next(db);
    expect(spread).toMatch(/^01:00 \+[1-9]\d*$/);
    const { rows } = await sql<{ late: number }>`
      SELECT round(engine.jitter_ms(id, '2026-03-02 01:00Z', 600, 3600000) / 1000.0)::int AS late FROM bots`.execute(
      db,
    );
    expect(spread).toBe(`01:00 +${rows[0]!.late}`);
    await by(db, 'jitter_seconds = 0');
    await plan(db);
    expect(await next(db)).toBe('01:00 +0');
  });

  test('keeps the start below half of the interval, however long it is', async () => {
    const { db } = await anHourlyBot();
    await by(db, 'jitter_seconds = 86400');
    await plan(db);
    const late = Number((await next(db)).split('+')[1]);
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(1_800);
  });

  test('lets a slot that waits for its start begin at once when there is none any more', async () => {
    const { db, at } = await anHourlyBot({ jitter_seconds: 1_800 });
    const { next_execution_at } = await botOf(db, 'bot');
    await at(`${day}T01:00:01Z`);
    expect(next_execution_at!.getTime()).toBeGreaterThan(Date.parse(`${day}T01:00:01Z`));
    await tick(db);
    expect(await slots(db, 'bot')).toEqual([]);
    await by(db, 'jitter_seconds = 0');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['01:00 queued']);
  });

  test('does not put off a slot that is due', async () => {
    const { db, at } = await anHourlyBot();
    await at(`${day}T01:00:01Z`);
    await by(db, 'jitter_seconds = 1800');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['01:00 queued']);
  });
});

describe('a pause', () => {
  test('leaves nothing planned, and a resume plans from now on', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all', catch_up_limit: 100 });
    await by(db, "status = 'paused', status_reason = 'a move'");
    expect(await next(db)).toBe('-');
    expect(await botOf(db, 'bot')).toMatchObject({
      status_reason: 'a move',
      status_changed_at: new Date(`${day}T00:10:00Z`),
    });
    await at('2026-04-09T07:45:00Z');
    await tick(db);
    await by(db, "status = 'active'");
    await tick(db);
    expect(await next(db)).toBe('08:00 +0');
    expect(await botOf(db, 'bot')).toMatchObject({
      status_reason: null,
      next_slot_at: new Date('2026-04-09T08:00:00Z'),
    });
    await at('2026-04-09T08:00:00Z');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['08:00 queued']);
  });

  test('that comes while a slot is due records that slot as missed', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all' });
    await at(`${day}T01:00:01Z`);
    await by(db, "status = 'paused'");
    await claim(db);
    await at(`${day}T01:40:00Z`);
    await by(db, "status = 'active'");
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['01:00 skipped missed']);
    expect(await next(db)).toBe('02:00 +0');
    const { metadata } = await db
      .selectFrom('bot_executions')
      .select('metadata')
      .executeTakeFirstOrThrow();
    expect(metadata).toEqual({ count: 1, last: expect.stringContaining('01:00:00') });
  });

  test('after a downtime, a pause writes no count of missed slots', async () => {
    const { db, at } = await anHourlyBot();
    await at(`${day}T05:30:00Z`);
    await by(db, "status = 'disabled'");
    const rows = await db.selectFrom('bot_executions').select(['reason', 'metadata']).execute();
    expect(rows).toEqual([
      { reason: 'missed', metadata: { until: expect.stringContaining('05:30:00') } },
    ]);
  });

  test('that comes when the slot has its row already writes no second one', async () => {
    const { db, at } = await anHourlyBot();
    await at(`${day}T01:00:01Z`);
    await tick(db);
    await by(db, `next_slot_at = '${day} 01:00Z', next_execution_at = '${day} 01:00Z'`);
    await by(db, "status = 'paused'");
    expect(await slots(db, 'bot')).toEqual(['01:00 queued']);
  });

  test('with an edit of the schedule meanwhile is resumed by the new schedule', async () => {
    const { db } = await anHourlyBot();
    await by(db, "status = 'paused'");
    await by(db, "schedule_cron = '45 * * * *', jitter_seconds = 60");
    await plan(db);
    expect(await next(db)).toBe('-');
    await by(db, "status = 'active'");
    await plan(db);
    expect(await next(db)).toMatch(/^00:45 \+[0-5]?\d$/);
  });
});

describe('while no scheduler runs', () => {
  test('slots that come after an edit are owed', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all' });
    await at(`${day}T00:50:00Z`);
    await by(db, "schedule_cron = '0,30 * * * *'");
    await at(`${day}T02:05:00Z`);
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['01:00 queued', '01:30 queued', '02:00 queued']);
    expect(await next(db)).toBe('02:30 +0');
  });

  test('slots that come after a resume are owed, and those of the pause are not', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all' });
    await by(db, "status = 'paused'");
    await at(`${day}T02:30:00Z`);
    await by(db, "status = 'active'");
    await at(`${day}T04:05:00Z`);
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['03:00 queued', '04:00 queued']);
  });

  test('slots that come after a bot was added are owed', async () => {
    const { db, at } = await scene(`${day}T00:10:00Z`);
    await addBots(db, ['bot'], { schedule_cron: '0 * * * *', catch_up: 'last' });
    await at(`${day}T02:05:00Z`);
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['01:00 skipped missed', '02:00 queued']);
  });

  test('slots that come after an edit led out of error are owed', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all' });
    await by(db, "schedule_cron = '61 * * * *'");
    await plan(db);
    await at(`${day}T01:30:00Z`);
    await by(db, "schedule_cron = '0 * * * *'");
    await at(`${day}T02:05:00Z`);
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['02:00 queued']);
  });

  test('when a person empties the slot of a bot, the bot is planned from that time on', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all' });
    await at(`${day}T05:20:00Z`);
    await by(db, 'next_slot_at = NULL, next_execution_at = NULL');
    await at(`${day}T06:05:00Z`);
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['06:00 queued']);
  });
});

describe('a slot that was due before the schedule was edited', () => {
  test('is the only one that the new schedule is not asked for', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all', catch_up_limit: 5 });
    await at(`${day}T01:40:30Z`);
    await by(db, "schedule_cron = '* * * * *'");
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['01:00 queued']);
    expect(await next(db)).toBe('01:41 +0');
  });

  test('shares its row with what the new schedule has missed since', async () => {
    const { db, at } = await anHourlyBot({ catch_up: 'all', catch_up_limit: 2 });
    await at(`${day}T01:40:30Z`);
    await by(db, "schedule_cron = '* * * * *'");
    await at(`${day}T01:44:10Z`);
    await tick(db);
    expect(await slots(db, 'bot')).toEqual([
      '01:00 skipped missed',
      '01:43 queued',
      '01:44 queued',
    ]);
    const { metadata } = await db
      .selectFrom('bot_executions')
      .select('metadata')
      .where('reason', '=', 'missed')
      .executeTakeFirstOrThrow();
    expect(metadata).toEqual({ count: 3, last: expect.stringContaining('01:42:00') });
    expect(await next(db)).toBe('01:45 +0');
  });
});

test('every edit under a running scheduler leaves one row a slot and nothing behind', async () => {
  const { db, at } = await scene(`${day}T00:00:30Z`);
  await planned(db, ['bot']);
  const edits = [
    'jitter_seconds = 20',
    "timezone = 'Asia/Tokyo'",
    "schedule_cron = '*/2 * * * *'",
    "catch_up = 'all'",
    "schedule_cron = '* * * * *', jitter_seconds = 0",
    "timezone = 'UTC'",
  ];
  for (const [minute, edit] of edits.entries()) {
    await at(`${day}T00:0${minute + 1}:45Z`);
    await tick(db);
    await finishAll(db);
    await by(db, edit);
    await tick(db);
  }
  await at(`${day}T00:07:45Z`);
  await tick(db);
  expect(await slots(db, 'bot')).toEqual([
    '00:01 success',
    '00:02 success',
    '00:03 success',
    '00:04 success',
    '00:06 success',
    '00:07 queued',
  ]);
});
