/** Claims of thousands of bots that are due at once, in tables that were empty before, and beside locked rows. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect, type Db } from '../../src/database/connect.ts';
import { claimDue } from '../../src/schedule/claim.ts';
import { ExpectedSlots } from '../../src/schedule/slot-times.ts';
import { whileHeld } from '../support/held.ts';
import { testDatabase } from '../support/database.ts';
import { addBots, botOf, claim, plan, planned, scene } from './due.ts';

const names = (count: number) => Array.from({ length: count }, (_, n) => `bot-${n}`);

test('a run is queued at the time at which it was written, however long the tick lasts', async () => {
  const { db, at } = await scene();
  await addBots(db, names(1_020));
  await plan(db);
  await plan(db);
  await at('2026-03-02T00:01:00Z');
  let batches = 0;
  await claimDue(db, new ExpectedSlots(), async (entries) => {
    if (entries.length > 0) batches += 1;
    await at(`2026-03-02T00:01:0${3 * batches}Z`);
  });
  const { rows } = await sql<{ started: string; queued: string; runs: number }>`
    SELECT to_char(started_at AT TIME ZONE 'UTC', 'SS') AS started, to_char(queued_at AT TIME ZONE 'UTC', 'SS') AS queued,
           count(*)::int AS runs
    FROM bot_executions GROUP BY 1, 2 ORDER BY 2`.execute(db);
  expect(rows).toEqual([
    { started: '00', queued: '00', runs: 1_000 },
    { started: '00', queued: '03', runs: 20 },
  ]);
});

test('a batch that takes too long is tried again as a smaller one, and later ones grow again', async () => {
  const { db, url, at } = await scene();
  await planned(db, names(60));
  await sql`
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$`.execute(
    db,
  );
  await sql`CREATE TRIGGER slow BEFORE INSERT ON bot_executions FOR EACH ROW EXECUTE FUNCTION slow()`.execute(
    db,
  );
  await at('2026-03-02T00:01:00Z');
  // As long as 50 rows take: the bound is 1,000, 250, 62, 15, 30 and 60 bots.
  const impatient = connect(url, { statementTimeoutMs: 1_000 });
  onTestFinished(() => impatient.destroy());
  const batches: number[] = [];
  await claimDue(impatient, new ExpectedSlots(), async (entries) => {
    if (entries.length > 0) batches.push(entries.length);
  });
  expect(batches).toEqual([15, 30, 15]);
});

test('a claim that no smaller batch can save fails', async () => {
  const { db, url, at } = await scene();
  await planned(db, names(10));
  await sql`
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$`.execute(
    db,
  );
  await sql`CREATE TRIGGER slow BEFORE INSERT ON bot_executions FOR EACH ROW EXECUTE FUNCTION slow()`.execute(
    db,
  );
  await at('2026-03-02T00:01:00Z');
  const impatient = connect(url, { statementTimeoutMs: 200 });
  onTestFinished(() => impatient.destroy());
  await expect(claim(impatient)).rejects.toMatchObject({ code: '57014' });
});

test('a bot that is held is planned at a later tick, and the others at once', async () => {
  const { db } = await scene();
  await addBots(db, ['a', 'b', 'c']);
  await addBots(db, ['bad'], { api_endpoint: '/api/bots/nobody' });
  await addBots(db, ['worse'], { api_endpoint: '/api/bots/nobody' });
  const held = sql`SELECT FROM bots WHERE name IN ('b', 'bad')`;
  const first = await whileHeld(db, held, () => plan(db));
  expect(first).toMatchObject({ planned: 2, refused: [{ name: 'worse' }] });
  expect(await plan(db)).toMatchObject({ planned: 1, refused: [{ name: 'bad' }] });
});

test('a bot that is held is refused at a later tick for a schedule that cannot be read, and the others at once', async () => {
  const { db, at } = await scene();
  await planned(db, ['a', 'b']);
  await sql`ALTER TABLE bots DISABLE TRIGGER bot_edited`.execute(db);
  await sql`UPDATE bots SET schedule_cron = '0 0 31 2 *'`.execute(db);
  await sql`ALTER TABLE bots ENABLE TRIGGER bot_edited`.execute(db);
  await at('2026-03-02T00:02:00Z');
  const status = async () =>
    (await Promise.all(['a', 'b'].map((name) => botOf(db, name)))).map((bot) => bot.status);
  await whileHeld(db, sql`SELECT FROM bots WHERE name = 'a'`, () => claim(db));
  expect(await status()).toEqual(['active', 'error']);
  await claim(db);
  expect(await status()).toEqual(['error', 'error']);
});

/** How many rows of a table were read until now, including those that ended connections have read. */
async function readOf(db: Db, table: string): Promise<number> {
  const { rows } = await sql<{ read: number }>`
    SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read, pg_stat_force_next_flush()
    FROM pg_stat_user_tables WHERE relid = ${table}::regclass`.execute(db);
  return rows[0]!.read;
}

const due = (db: Db, from: number, count: number) =>
  sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, checked_version, next_slot_at, next_execution_at)
    SELECT 'bot-' || i, 'Bot', '* * * * *', 'bot:watch', 1, slot, slot
    FROM generate_series(${from}::int, ${from + count - 1}::int) i, (SELECT date_trunc('minute', now()) AS slot) s`.execute(
    db,
  );

test.each([
  ['when a few were claimed before', 20, false],
  ['when the tables were emptied before', 20, true],
  ['when none was ever claimed', 0, false],
])('thousands that come due are claimed by key %s', async (_, few, emptied) => {
  const { db, url } = await testDatabase();
  for (const table of ['bots', 'bot_executions'])
    await sql`ALTER TABLE ${sql.table(table)} SET (autovacuum_enabled = false)`.execute(db);
  // The planner's statistics say that the tables are empty.
  for (const table of ['bots', 'bot_executions'])
    await sql`VACUUM ANALYZE ${sql.table(table)}`.execute(db);
  const scheduler = connect(url, { max: 1 });
  const expected = new ExpectedSlots();
  // The first five calls of a prepared statement have plans of their own; later ones may share one.
  const claimFew = async () => {
    for (let n = 0; n < few; n += 1) {
      await due(db, n, 1);
      await claim(scheduler, expected);
    }
  };
  await claimFew();
  if (emptied) {
    await sql`TRUNCATE bots CASCADE`.execute(db);
    await claimFew();
  }
  await due(db, 100, 3_000);
  const before = [await readOf(db, 'bots'), await readOf(db, 'bot_executions')];
  expect((await claim(scheduler, expected)).queued).toHaveLength(3_000);
  await scheduler.destroy();
  // A connection tells what it has read at its end.
  await expect.poll(() => readOf(db, 'bots')).toBeGreaterThan(before[0]! + 3_000);
  const read = [await readOf(db, 'bots'), await readOf(db, 'bot_executions')];
  expect(read[0]! - before[0]!).toBeLessThan(3_000 * 20);
  expect(read[1]! - before[1]!).toBeLessThan(3_000 * 20);
});
