import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { testDatabase } from '../support/database.ts';
import { stillClock } from '../support/clocks.ts';
import { roundsman } from './command.ts';
import { insertBot, insertNode, insertRun } from './rows.ts';

const { db, url } = await testDatabase();
// Years ahead of this machine: whatever took the host's time would show.
await stillClock(db, '2041-03-02T06:30:00Z');

const slots = async () => {
  const rows = await db
    .selectFrom('bot_executions')
    .select(['scheduled_for', 'status', 'trigger'])
    .orderBy('scheduled_for')
    .execute();
  return rows.map(
    ({ scheduled_for: at, status, trigger }) =>
      `${at!.toISOString().slice(11, 16)} ${status} ${trigger}`,
  );
};
const at = (clock: string) => new Date(`2041-03-02T${clock}:00Z`);
const run = (...args: string[]) => roundsman(url, 'bots', 'backfill', 'watch', ...args);

let watch: string;
beforeEach(async () => {
  await sql`TRUNCATE bots, engine.nodes CASCADE`.execute(db);
  watch = await insertBot(db, 'watch', { schedule_cron: '0 * * * *', timezone: 'Asia/Tokyo' });
});

test('says what it queued and what it left, and does nothing the second time', async () => {
  await insertRun(db, watch, 1, { trigger: 'schedule', scheduled_for: at('03:00') });
  await insertRun(db, watch, 1, {
    trigger: 'schedule',
    scheduled_for: at('04:00'),
    status: 'skipped',
    reason: 'overlap',
  });
  const first = await run('--since', '4h', '--until', '2041-03-02T15:00+09:00');
  expect(first.code).toBe(0);
  expect(first.err).toContain('no worker is alive');
  expect(first.out).toContain('Queued 2 runs of watch.');
  expect(first.out).toMatch(/^Period +2041-03-02 02:30:00 UTC to 2041-03-02 06:00:00 UTC$/m);
  expect(first.out).toMatch(/^Without a run +1 slot$/m);
  expect(first.out).toMatch(/^Skipped +1 slot: 1 overlap$/m);
  expect(first.out).toMatch(/^Ran already +1 slot: 1 success$/m);
  expect(await slots()).toEqual([
    '03:00 success schedule',
    '04:00 queued backfill',
    '05:00 queued backfill',
  ]);
  await insertNode(db, 'worker');
  const second = await run('--since', '4h', '--until', '2041-03-02 06:00');
  expect(second.out).toContain('No slot of watch is left to run in this period.');
  expect(second.out).toMatch(/^Waiting +2 slots: 2 queued$/m);
  expect(second.err).not.toContain('no worker');
});

test("--dry-run lists the slots in the bot's zone too, and writes nothing", async () => {
  const { code, out } = await run('--since', '2041-03-01', '--dry-run');
  expect(code).toBe(0);
  expect(out).toContain('Would queue 31 runs of watch; nothing was written.');
  expect(out).toMatch(/^Fri 2041-03-01 00:00:00 +Fri 2041-03-01 09:00:00 +no run$/m);
  expect(out).toContain('... and 11 more');
  expect(await slots()).toEqual([]);
});

test('--json is one document with all of it', async () => {
  const { json } = await run('--since', '2041-03-02 04:00', '--json');
  expect(json()).toEqual({
    name: 'watch',
    dry_run: false,
    since: '2041-03-02T04:00:00.000Z',
    until: '2041-03-02T06:30:00.000Z',
    inserted: ['04', '05', '06'].map((hour) => `2041-03-02T${hour}:00:00.000Z`),
    requeued: [],
    ran: [],
    open: [],
    left: [],
    unclaimed: null,
  });
});

test('slots that the scheduler has not claimed yet are left to it, and it says so', async () => {
  await db
    .updateTable('bots')
    .set({ next_slot_at: at('05:00'), next_execution_at: at('05:00') })
    .execute();
  const { err } = await run('--since', '2041-03-02 04:00');
  expect(err).toContain('2041-03-02 05:00:00 UTC is due and not claimed yet');
  expect(await slots()).toEqual(['04:00 queued backfill']);
});

describe('is refused, and writes nothing:', () => {
  test.each([
    ['without --since', [], 2, '--since'],
    ['a word', ['--since', 'yesterday'], 2, 'neither a time nor how long ago'],
    ['a day that does not exist', ['--since', '2041-02-29'], 2, 'there is no such time'],
    ['an hour that does not exist', ['--since', '2041-02-28 24:30'], 2, 'there is no such time'],
    ['no time at all', ['--since', ''], 2, '--since is empty'],
    ['a number without a unit', ['--since', '24'], 2, 'it has no unit'],
    ['a time that has not come', ['--since', '2041-03-02 06:31'], 2, 'lies in the future'],
    ['an end that has not come', ['--since', '1h', '--until', '2041-03-03'], 2, 'in the future'],
    ['an end before the beginning', ['--since', '1h', '--until', '2h'], 2, 'is empty'],
    ['too many slots', ['--since', '60d'], 2, 'more than 1000 slots'],
    ['more than --limit', ['--since', '5h', '--limit', '3'], 2, 'more than 3 slots'],
    ['a limit of none', ['--since', '5h', '--limit', '0'], 2, '--limit'],
  ] as const)('%s', async (_, args, code, why) => {
    const ended = await run(...args);
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toContain(why);
    expect(ended.err).not.toContain('defect');
    expect(await slots()).toEqual([]);
  });

  test.each(['paused', 'disabled', 'error'] as const)('a bot that is %s', async (status) => {
    await db.updateTable('bots').set({ status, status_reason: 'so it is' }).execute();
    const { code, err } = await run('--since', '1h');
    expect(code).toBe(1);
    expect(err).toContain('so it is');
    expect(err).toMatch(/bots (enable|resume|edit) watch/);
  });

  test('a bot whose schedule cannot be read, and one that is not there', async () => {
    await db.updateTable('bots').set({ schedule_cron: '61 * * * *' }).execute();
    const unread = await run('--since', '1h');
    expect(unread).toMatchObject({ code: 1, err: expect.stringContaining('bots edit watch') });
    const missing = await roundsman(url, 'bots', 'backfill', 'wacth', '--since', '1h');
    expect(missing).toMatchObject({ code: 3, err: expect.stringContaining('did you mean watch') });
  });
});
