import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { addBots, botOf, claim, finishAll, plan, planned, scene, slots, tick } from './due.ts';

describe('a definition that cannot run', () => {
  test.each([
    ['schedule_cron', { schedule_cron: '61 * * * *' }, []],
    ['schedule_cron', { schedule_cron: '0 0 31 2 *' }, []],
    ['timezone', { timezone: 'Mars/Olympus' }, []],
    // The slot was the schedule's, which nobody has edited.
    ['api_endpoint', { api_endpoint: '/api/bots/nobody' }, ['00:01 skipped missed']],
    ['config.level', { config: JSON.stringify({ level: 'high' }) }, ['00:01 skipped missed']],
  ])('sets its bot to error, names %s and stops nobody else', async (field, values, missed) => {
    const { db, at } = await scene();
    await planned(db, ['good', 'bad']);
    await db.updateTable('bots').set(values).where('name', '=', 'bad').execute();
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    const { status, status_reason, status_changed_at } = await botOf(db, 'bad');
    expect(status).toBe('error');
    expect(status_reason).toMatch(new RegExp(`^${field}: .`));
    expect(status_changed_at).toEqual(new Date('2026-03-02T00:01:00Z'));
    expect(await slots(db, 'bad')).toEqual(missed);
    expect(await slots(db, 'good')).toEqual(['00:01 queued']);
  });

  test('is led out of error by a valid edit, and by no other', async () => {
    const { db, at } = await scene();
    await addBots(db, ['bad'], { api_endpoint: '/api/bots/nobody' });
    await plan(db);
    expect((await botOf(db, 'bad')).status).toBe('error');
    await db.updateTable('bots').set({ description: 'still bad' }).execute();
    await plan(db);
    expect((await botOf(db, 'bad')).status).toBe('error');
    await db.updateTable('bots').set({ api_endpoint: 'bot:watch' }).execute();
    await plan(db);
    expect(await botOf(db, 'bad')).toMatchObject({
      status: 'active',
      status_reason: null,
      next_slot_at: new Date('2026-03-02T00:01:00Z'),
    });
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    expect(await slots(db, 'bad')).toEqual(['00:01 queued']);
  });
});

describe('an edit', () => {
  test('of the schedule plans a slot that has not come yet anew', async () => {
    const { db } = await scene();
    await planned(db, ['bot']);
    await db.updateTable('bots').set({ schedule_cron: '0 5 * * *' }).execute();
    await plan(db);
    expect(await botOf(db, 'bot')).toMatchObject({
      next_slot_at: new Date('2026-03-02T05:00:00Z'),
      definition_version: 2,
      checked_version: 2,
    });
  });

  test('of the schedule while the bot is due keeps the due slot', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot']);
    await at('2026-03-02T00:01:10Z');
    await db.updateTable('bots').set({ schedule_cron: '0 5 * * *' }).execute();
    await tick(db);
    expect(await slots(db, 'bot')).toEqual(['00:01 queued']);
    expect((await botOf(db, 'bot')).next_slot_at).toEqual(new Date('2026-03-02T05:00:00Z'));
  });

  test('is looked at before the next claim, so an unfit bot is never claimed', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot']);
    await at('2026-03-02T00:01:10Z');
    await db.updateTable('bots').set({ api_endpoint: '/api/bots/nobody' }).execute();
    const { queued } = await claim(db);
    expect(queued).toEqual([]);
  });

  test('that moves the counters alone is no new version', async () => {
    const { db } = await scene();
    await planned(db, ['bot']);
    await db.updateTable('bots').set({ total_runs: 5, next_execution_at: new Date() }).execute();
    expect((await botOf(db, 'bot')).definition_version).toBe(1);
  });
});

test('resuming a bot does not owe the slots of its pause', async () => {
  const { db, at } = await scene();
  await planned(db, ['bot'], { catch_up: 'all', catch_up_limit: 100 });
  await at('2026-03-02T00:01:10Z');
  await tick(db);
  await finishAll(db);
  await db.updateTable('bots').set({ status: 'paused' }).execute();
  await at('2026-03-02T00:20:30Z');
  await tick(db);
  await db.updateTable('bots').set({ status: 'active' }).execute();
  await tick(db);
  await at('2026-03-02T00:21:00Z');
  await tick(db);
  expect(await slots(db, 'bot')).toEqual(['00:01 success', '00:21 queued']);
});

describe('values that a person writes into the documented columns by hand', () => {
  test('next_slot_at with microseconds does not wedge the tick', async () => {
    const { db, at } = await scene();
    await planned(db, ['odd', 'even']);
    await sql`UPDATE bots SET next_slot_at = '2026-03-02T00:00:59.123456Z', next_execution_at = '2026-03-02T00:00:59.123457Z'
              WHERE name = 'odd'`.execute(db);
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    await tick(db);
    expect(await slots(db, 'even')).toEqual(['00:01 queued']);
    expect(await slots(db, 'odd')).not.toEqual([]);
    expect((await botOf(db, 'odd')).next_slot_at).toEqual(new Date('2026-03-02T00:02:00Z'));
  });

  test.each([
    '9999-12-31T23:59:00Z',
    'infinity',
    '1969-12-31T23:59:59Z',
    '0044-03-15T00:00:00Z BC',
  ])('next_slot_at %s is refused', async (time) => {
    const { db } = await scene();
    await planned(db, ['bot']);
    await expect(
      sql`UPDATE bots SET next_slot_at = ${time}::timestamptz, next_execution_at = NULL`.execute(
        db,
      ),
    ).rejects.toThrow('bots_next_slot_at_check');
  });

  test('a slot at the end of time that got past that sets its own bot to error and stops no tick', async () => {
    const { db, at } = await scene();
    await planned(db, ['good', 'last']);
    await sql`ALTER TABLE bots DROP CONSTRAINT bots_next_slot_at_check`.execute(db);
    await sql`UPDATE bots SET next_slot_at = '9999-12-31T23:59:00Z', next_execution_at = NULL
              WHERE name = 'last'`.execute(db);
    await addBots(db, ['new']);
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    expect(await slots(db, 'good')).toEqual(['00:01 queued']);
    expect(await slots(db, 'new')).toEqual(['00:01 queued']);
    const { status, status_reason } = await botOf(db, 'last');
    expect(status).toBe('error');
    expect(status_reason).toMatch(/^next_slot_at: ./);
  });

  test('two bots whose slots differ by microseconds are both claimed', async () => {
    const { db, at } = await scene();
    await planned(db, ['odd', 'even']);
    await sql`UPDATE bots SET next_slot_at = '2026-03-02T00:01:00.000456Z', next_execution_at = '2026-03-02T00:01:00.000456Z'
              WHERE name = 'odd'`.execute(db);
    await at('2026-03-02T00:01:01Z');
    const { queued, unclaimed } = await tick(db);
    expect({ queued: queued.length, unclaimed }).toEqual({ queued: 2, unclaimed: 0 });
  });

  test.each(['2020-01-01T00:00:00Z', '2026-03-02T00:00:45Z', '2030-01-01T00:00:00Z'])(
    'a new bot with next_execution_at %s stops no other bot and is planned itself',
    async (time) => {
      const { db, at } = await scene();
      await planned(db, ['good']);
      await addBots(db, ['given'], { next_execution_at: time });
      await plan(db);
      await at('2026-03-02T00:01:00Z');
      await tick(db);
      expect(await slots(db, 'good')).toEqual(['00:01 queued']);
      expect((await botOf(db, 'given')).next_slot_at).not.toBeNull();
    },
  );

  test('a bot whose next_execution_at was emptied is planned again', async () => {
    const { db, at } = await scene();
    await planned(db, ['emptied']);
    await db.updateTable('bots').set({ next_execution_at: null }).execute();
    await at('2026-03-02T00:05:00Z');
    await tick(db);
    expect((await botOf(db, 'emptied')).next_execution_at).not.toBeNull();
  });
});
