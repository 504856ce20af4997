/** Each slot of a schedule against its rows, on days of which the right answer is written out here. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { stillClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { botOf, every, plantBot, plantSlots, reportOf, some } from './planted.ts';

const { db } = await testDatabase();
const at = await stillClock(db, '2026-11-10T12:00:00Z');

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_maintenance CASCADE`.execute(db);
  await at('2026-11-10T12:00:00Z');
});

const [from, to] = ['2026-11-09T12:00:00Z', '2026-11-10T12:00:00Z'];
const next = '2026-11-10T12:00:00Z';

test('every slot of an hourly bot has its run: everything ran', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next });
  await plantSlots(db, bot, every(60, from, '2026-11-10T11:00:00Z'));
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 24, ran: 24, success: 24 });
  expect(report.gaps).toEqual([]);
  expect(report.verdict).toMatchObject({ everything_ran: true, accounted_for: true, known: true });
});

test('a slot whose row is gone is missing, is named, and needs a person', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next });
  await plantSlots(db, bot, every(60, from, '2026-11-10T11:00:00Z'));
  await sql`DELETE FROM bot_executions WHERE scheduled_for IN ('2026-11-10T03:00:00Z', '2026-11-10T04:00:00Z', '2026-11-10T09:00:00Z')`.execute(
    db,
  );
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 24, ran: 21, success: 21, missing: 3 });
  expect(report.gaps).toEqual([
    {
      bot: 'watch',
      reason: 'missing',
      detail: null,
      slots: 3,
      is_least: false,
      owed: true,
      stretches: 2,
      first: '2026-11-10T03:00:00.000Z',
      last: '2026-11-10T09:00:00.000Z',
    },
  ]);
  expect(report.verdict).toMatchObject({ everything_ran: false, accounted_for: false });
  const need = report.needs.find(({ kind }) => kind === 'gaps_unexplained')!;
  expect(need.what).toBe('3 slots of watch have no run, and no row says why');
  expect(need.try).toContain(
    '`npx roundsman bots backfill watch --since 2026-11-10T03:00:00Z --until 2026-11-10T09:01:00Z --dry-run`',
  );
});

test('a row for a slot that the schedule does not have makes up for no other one', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next });
  await plantSlots(db, bot, every(60, from, '2026-11-10T10:00:00Z'));
  await plantSlots(db, bot, ['2026-11-10T10:30:00Z']);
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 25, ran: 24, success: 24, missing: 1 });
});

describe('on days on which the clocks of Berlin change', () => {
  test('in autumn the day has 25 hours: a schedule of each half hour has 50 slots, one at 02:30 has one', async () => {
    const zone = 'Europe/Berlin';
    await at('2026-10-26T00:00:00Z');
    const half = await plantBot(db, {
      name: 'half',
      cron: '*/30 * * * *',
      zone,
      next: '2026-10-26T00:00:00Z',
    });
    const once = await plantBot(db, {
      name: 'once',
      cron: '30 2 * * *',
      zone,
      next: '2026-10-26T01:30:00Z',
    });
    await plantSlots(db, half, every(30, '2026-10-24T22:00:00Z', '2026-10-25T22:30:00Z'));
    // 02:30 of summer time, the first of the two.
    await plantSlots(db, once, ['2026-10-25T00:30:00Z']);
    const report = await reportOf(db, '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z');
    expect(some(botOf(report, 'half').slots)).toEqual({ due: 50, ran: 50, success: 50 });
    expect(some(botOf(report, 'once').slots)).toEqual({ due: 1, ran: 1, success: 1 });
    expect(report.verdict.everything_ran).toBe(true);
    await sql`DELETE FROM bot_executions WHERE scheduled_for = '2026-10-25T00:30:00Z'`.execute(db);
    const gone = await reportOf(db, '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z');
    expect(gone.gaps.map(({ bot, reason, first }) => [bot, reason, first])).toEqual([
      ['half', 'missing', '2026-10-25T00:30:00.000Z'],
      ['once', 'missing', '2026-10-25T00:30:00.000Z'],
    ]);
  });

  test('in spring it has 23: 46 slots, and 02:30 is at 03:00', async () => {
    const zone = 'Europe/Berlin';
    await at('2026-03-30T00:00:00Z');
    const half = await plantBot(db, {
      name: 'half',
      cron: '*/30 * * * *',
      zone,
      next: '2026-03-30T00:00:00Z',
    });
    const once = await plantBot(db, {
      name: 'once',
      cron: '30 2 * * *',
      zone,
      next: '2026-03-30T00:30:00Z',
    });
    await plantSlots(db, half, every(30, '2026-03-28T23:00:00Z', '2026-03-29T21:30:00Z'));
    await plantSlots(db, once, ['2026-03-29T01:00:00Z']);
    const report = await reportOf(db, '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z');
    expect(some(botOf(report, 'half').slots)).toEqual({ due: 46, ran: 46, success: 46 });
    expect(some(botOf(report, 'once').slots)).toEqual({ due: 1, ran: 1, success: 1 });
    expect(report.verdict.everything_ran).toBe(true);
  });
});

test('of a bot that was added in the period nothing was due before', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', since: '2026-11-10T08:00:00Z', next });
  await plantSlots(db, bot, every(60, '2026-11-10T09:00:00Z', '2026-11-10T11:00:00Z'));
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 3, ran: 3, success: 3 });
  expect(botOf(report).known_from).toBeNull();
  expect(report.verdict.everything_ran).toBe(true);
});

test('of a bot whose schedule was changed only rows tell what was due before, and that is said', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next: '2026-11-10T07:00:00Z' });
  await plantSlots(db, bot, every(60, from, '2026-11-10T06:00:00Z'));
  await at('2026-11-10T06:30:00Z');
  await sql`UPDATE bots SET schedule_cron = '*/30 * * * *' WHERE id = ${bot}`.execute(db);
  await at(to);
  await plantSlots(db, bot, every(30, '2026-11-10T07:00:00Z', '2026-11-10T11:30:00Z'));
  await sql`UPDATE bots SET next_slot_at = ${next}, next_execution_at = ${next} WHERE id = ${bot}`.execute(
    db,
  );
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 29, ran: 29, success: 29 });
  expect(botOf(report)).toMatchObject({
    known_from: '2026-11-10T06:30:00.000Z',
    known_why: expect.stringContaining('schedule was changed'),
  });
  expect(report.verdict).toMatchObject({
    everything_ran: false,
    accounted_for: false,
    known: false,
  });
  // What was due before the change is not known, so a row that is gone there is not missed: but none is claimed to have run.
  await sql`DELETE FROM bot_executions WHERE scheduled_for = '2026-11-10T02:00:00Z'`.execute(db);
  expect((await reportOf(db, from, to)).slots).toMatchObject({ due: 28, missing: 0 });
  await sql`DELETE FROM bot_executions WHERE scheduled_for = '2026-11-10T08:30:00Z'`.execute(db);
  expect((await reportOf(db, from, to)).slots).toMatchObject({ due: 28, missing: 1 });
});

test('while a bot is paused its slots are not due, and the report says how many they would have been', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next: '2026-11-10T08:00:00Z' });
  await plantSlots(db, bot, every(60, from, '2026-11-10T07:00:00Z'));
  await at('2026-11-10T07:30:00Z');
  await sql`UPDATE bots SET status = 'paused', status_reason = 'moving the data' WHERE id = ${bot}`.execute(
    db,
  );
  await at(to);
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 20, ran: 20, success: 20 });
  expect(report.gaps).toMatchObject([
    {
      reason: 'paused',
      detail: 'moving the data',
      owed: false,
      slots: 4,
      first: '2026-11-10T08:00:00.000Z',
      last: '2026-11-10T11:00:00.000Z',
    },
  ]);
  // It may have had another schedule before: a pause overwrites since when it had this one.
  expect(report.verdict.known).toBe(false);
  // The whole of the next day it was paused: that nothing was due is proven.
  await at('2026-11-12T12:00:00Z');
  const later = await reportOf(db, '2026-11-11T12:00:00Z', '2026-11-12T12:00:00Z');
  expect(later.verdict).toMatchObject({ known: true, everything_ran: false, accounted_for: true });
  expect(some(later.slots)).toEqual({});
  expect(later.gaps).toMatchObject([{ reason: 'paused', slots: 24, owed: false }]);
});

test('a bot that was resumed in the period says that it was not active before', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next: '2026-11-08T08:00:00Z' });
  await at('2026-11-08T07:30:00Z');
  await sql`UPDATE bots SET status = 'paused' WHERE id = ${bot}`.execute(db);
  await at('2026-11-10T09:30:00Z');
  await sql`UPDATE bots SET status = 'active' WHERE id = ${bot}`.execute(db);
  await at(to);
  await sql`UPDATE bots SET next_slot_at = ${next}, next_execution_at = ${next} WHERE id = ${bot}`.execute(
    db,
  );
  await plantSlots(db, bot, ['2026-11-10T10:00:00Z', '2026-11-10T11:00:00Z']);
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 2, ran: 2, success: 2 });
  expect(botOf(report)).toMatchObject({
    known_from: '2026-11-10T09:30:00.000Z',
    known_why: expect.stringContaining('not active before'),
  });
});

test('skipped slots have their reasons: maintenance by its own words, an overlap, a scheduler that was away', async () => {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO bot_maintenance (owner, reason, skip_runs, occurrences)
    VALUES ('ann', 'PostgreSQL 18', true, '{[2026-11-10 01:00Z, 2026-11-10 03:00Z)}') RETURNING id`.execute(
    db,
  );
  const bot = await plantBot(db, { cron: '0 * * * *', next });
  await plantSlots(db, bot, every(60, from, '2026-11-10T00:00:00Z'));
  await plantSlots(db, bot, ['2026-11-10T01:00:00Z', '2026-11-10T02:00:00Z'], {
    status: 'skipped',
    reason: 'maintenance',
    metadata: { maintenance: rows[0]!.id },
  });
  await plantSlots(db, bot, ['2026-11-10T03:00:00Z'], { status: 'skipped', reason: 'overlap' });
  await plantSlots(db, bot, ['2026-11-10T04:00:00Z'], {
    status: 'skipped',
    reason: 'missed',
    metadata: { count: 3, last: '2026-11-10T06:00:00Z' },
  });
  await plantSlots(db, bot, ['2026-11-10T07:00:00Z'], { status: 'failed' });
  await plantSlots(db, bot, ['2026-11-10T08:00:00Z'], { status: 'timeout' });
  await plantSlots(db, bot, ['2026-11-10T09:00:00Z'], {
    status: 'cancelled',
    cancel: 'by mistake',
  });
  await plantSlots(db, bot, ['2026-11-10T10:00:00Z'], { status: 'queued' });
  await plantSlots(db, bot, ['2026-11-10T11:00:00Z']);
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({
    due: 24,
    ran: 16,
    success: 14,
    failed: 1,
    timeout: 1,
    cancelled: 1,
    open: 1,
    skipped: { maintenance: 2, overlap: 1, missed: 3 },
  });
  expect(report.gaps.map(({ reason, detail, slots }) => [reason, detail, slots])).toEqual([
    ['missed', 'no scheduler was there to claim them in time', 3],
    ['cancelled', 'by mistake', 1],
    ['overlap', null, 1],
    ['maintenance', 'PostgreSQL 18', 2],
  ]);
  expect(report.verdict).toMatchObject({ everything_ran: false, accounted_for: true, known: true });
});

test('slots that share a row from before the period count as far as they lie in it', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next });
  await plantSlots(db, bot, ['2026-11-09T06:00:00Z'], {
    status: 'skipped',
    reason: 'missed',
    metadata: { count: 10, last: '2026-11-09T15:00:00Z' },
  });
  await plantSlots(db, bot, every(60, '2026-11-09T16:00:00Z', '2026-11-10T11:00:00Z'));
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 24, ran: 20, success: 20, skipped: { missed: 4 } });
  // Six of them lie in the period before, in which the others have no row.
  expect(report.periods.at(-2)).toMatchObject({ due: 24, skipped: 6, missing: 18 });
});

test('what was missed when a bot was paused is counted as one at least', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next: '2026-11-10T08:00:00Z' });
  await plantSlots(db, bot, every(60, from, '2026-11-10T07:00:00Z'));
  await at('2026-11-10T10:30:00Z');
  await sql`UPDATE bots SET status = 'paused' WHERE id = ${bot}`.execute(db);
  await at(to);
  const report = await reportOf(db, from, to);
  expect(report.slots).toMatchObject({ due: 21, ran: 20, skipped: { missed: 1 } });
  expect(botOf(report).is_least).toBe(true);
  expect(report.verdict).toMatchObject({ known: false, accounted_for: false });
});

test('what no scheduler has claimed waits, and is not missing', async () => {
  const bot = await plantBot(db, { cron: '0 * * * *', next: '2026-11-10T10:00:00Z' });
  await plantSlots(db, bot, every(60, from, '2026-11-10T09:00:00Z'));
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({ due: 24, ran: 22, success: 22, waiting: 2 });
  expect(report.gaps).toMatchObject([
    { reason: 'waiting', slots: 2, detail: 'no scheduler has claimed them yet' },
  ]);
  expect(report.needs.map(({ kind }) => kind)).not.toContain('gaps_unexplained');
  expect(report.verdict.everything_ran).toBe(false);
});

test('a schedule that cannot be read proves nothing, and the other bots are reported as ever', async () => {
  await plantBot(db, { name: 'odd', cron: '61 * * * *', next: null });
  const bot = await plantBot(db, { cron: '0 * * * *', next });
  await plantSlots(db, bot, every(60, from, '2026-11-10T11:00:00Z'));
  const report = await reportOf(db, from, to);
  expect(botOf(report, 'odd')).toMatchObject({ known_why: 'its schedule cannot be read' });
  expect(report.slots).toMatchObject({ due: 24, success: 24 });
  expect(report.verdict.everything_ran).toBe(false);
});

test('of nothing at all it says that nothing was due', async () => {
  const report = await reportOf(db, from, to);
  expect(some(report.slots)).toEqual({});
  expect(report.verdict).toMatchObject({ everything_ran: false, known: true });
  expect(report.before).toBeNull();
});

test('of a bot that was removed before the period nothing is told; of one that was removed in it what ran', async () => {
  const gone = await plantBot(db, { name: 'gone', cron: '0 * * * *', next: null });
  const left = await plantBot(db, { name: 'left', cron: '0 * * * *', next: null });
  await plantSlots(db, left, ['2026-11-09T13:00:00Z']);
  for (const [bot, removed] of [
    [gone, '2026-11-09T11:00:00Z'],
    [left, '2026-11-09T13:30:00Z'],
  ]) {
    await at(removed!);
    await sql`UPDATE bots SET status = 'disabled', removed_at = ${removed} WHERE id = ${bot}`.execute(
      db,
    );
  }
  await at(to);
  const report = await reportOf(db, from, to);
  expect(report.bots.map(({ name }) => name)).toEqual(['left']);
  expect(report.slots).toMatchObject({ ran: 1, missing: 0 });
});
