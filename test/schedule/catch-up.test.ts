import { describe, expect, test } from 'vitest';
import { botOf, claim, finishAll, planned, scene, slots, tick } from './due.ts';

/** The row that a stretch of missed slots shares. */
async function missed(db: Parameters<typeof tick>[0]) {
  const row = await db
    .selectFrom('bot_executions')
    .select(['scheduled_for', 'metadata', 'status'])
    .where('reason', '=', 'missed')
    .executeTakeFirst();
  return row && { ...(row.metadata as object), first: row.scheduled_for };
}

describe('after a downtime of ten minutes', () => {
  test('last runs the newest slot, and the others share one row', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot']);
    await at('2026-03-02T00:10:30Z');
    const { skipped, queued } = await tick(db);
    expect(await slots(db, 'bot')).toEqual(['00:01 skipped missed', '00:10 queued']);
    expect({ skipped, queued: queued.length }).toEqual({ skipped: 1, queued: 1 });
    const row = await missed(db);
    expect(row).toMatchObject({ count: 9, first: new Date('2026-03-02T00:01:00Z') });
    expect(new Date((row as { last?: string }).last!)).toEqual(new Date('2026-03-02T00:09:00Z'));
    expect((await botOf(db, 'bot')).next_slot_at).toEqual(new Date('2026-03-02T00:11:00Z'));
  });

  test('skip runs the newest slot only while it is fresh', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot'], { catch_up: 'skip', schedule_cron: '*/5 * * * *' });
    await at('2026-03-02T00:12:30Z');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['00:05 skipped missed']);
    expect(await missed(db)).toMatchObject({ count: 2 });
    await at('2026-03-02T00:15:20Z');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['00:05 skipped missed', '00:15 queued']);
  });

  test('all runs every slot, the oldest first', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot'], { catch_up: 'all', catch_up_limit: 100 });
    await at('2026-03-02T00:10:30Z');
    const { queued } = await tick(db);
    expect(await slots(db, 'bot')).toEqual(
      Array.from({ length: 10 }, (_, i) => `00:${String(i + 1).padStart(2, '0')} queued`),
    );
    expect(await missed(db)).toBeUndefined();
    const rows = await db
      .selectFrom('bot_executions')
      .select('id')
      .orderBy('scheduled_for')
      .execute();
    expect(queued.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  });

  test('all stops at its limit: the newest ones run, the older ones are missed', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot'], { catch_up: 'all', catch_up_limit: 3 });
    await at('2026-03-02T00:10:30Z');
    await tick(db);
    expect(await slots(db, 'bot')).toEqual([
      '00:01 skipped missed',
      '00:08 queued',
      '00:09 queued',
      '00:10 queued',
    ]);
    const row = await missed(db);
    expect(row).toMatchObject({ count: 7 });
    expect(new Date((row as { last?: string }).last!)).toEqual(new Date('2026-03-02T00:07:00Z'));
  });
});

test('a slot missed for longer than the grace is not run', async () => {
  const { db, at } = await scene();
  await planned(db, ['daily'], { schedule_cron: '0 1 * * *', grace_seconds: 600 });
  await planned(db, ['patient'], { schedule_cron: '0 1 * * *', grace_seconds: 660 });
  await at('2026-03-02T01:10:30Z');
  await tick(db);
  expect(await slots(db, 'daily')).toEqual(['01:00 skipped missed']);
  expect(await slots(db, 'patient')).toEqual(['01:00 queued']);
  expect(await missed(db)).toMatchObject({ count: 1 });
  expect((await botOf(db, 'daily')).next_slot_at).toEqual(new Date('2026-03-03T01:00:00Z'));
});

test('a slot is not missed by a tick that comes as a tick does, without any grace', async () => {
  const { db, at } = await scene();
  await planned(db, ['strict'], { schedule_cron: '0 1 * * *', grace_seconds: 0 });
  await at('2026-03-02T01:00:00.7Z');
  await tick(db);
  expect(await slots(db, 'strict')).toEqual(['01:00 queued']);
  await finishAll(db);
  await at('2026-03-03T01:01:00.7Z');
  await tick(db);
  expect(await slots(db, 'strict')).toEqual(['01:00 success', '01:00 skipped missed']);
});

test('the row of missed slots counts them all, however long the downtime was', async () => {
  const { db, at } = await scene('2026-03-01T00:00:30Z');
  await planned(db, ['minutely']);
  await at('2026-03-29T00:00:30Z');
  await tick(db);
  // 28 days of 1,440 minutes, the last of which runs
  expect(await missed(db)).toMatchObject({ count: 28 * 1_440 - 1 });
});

test('a second scheduler that was down too finds nothing left to catch up', async () => {
  const { db, at } = await scene();
  await planned(db, ['bot'], { catch_up: 'all' });
  await at('2026-03-02T00:05:30Z');
  await Promise.all([claim(db), claim(db), claim(db)]);
  await finishAll(db);
  await tick(db);
  expect(await slots(db, 'bot')).toEqual(
    ['00:01', '00:02', '00:03', '00:04', '00:05'].map((slot) => `${slot} success`),
  );
});

test('a slot that has its row already is passed over, not run twice', async () => {
  const { db, at } = await scene();
  await planned(db, ['bot']);
  await at('2026-03-02T00:01:00Z');
  await tick(db);
  await finishAll(db);
  await db
    .updateTable('bots')
    .set({
      next_slot_at: new Date('2026-03-02T00:01:00Z'),
      next_execution_at: new Date('2026-03-02T00:01:00Z'),
    })
    .execute();
  await tick(db);
  expect(await slots(db, 'bot')).toEqual(['00:01 success']);
  expect((await botOf(db, 'bot')).next_slot_at).toEqual(new Date('2026-03-02T00:02:00Z'));
});
