/**
 * `npm run bench:engine`: what claiming and recording due bots costs, beside the obvious way of doing it
 * in the same run. Wall figures are noise on a shared machine; the ratio of medians is what counts.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { connect, type Db } from '../../src/data/connect.ts';
import { startThrowaway } from '../../src/data/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/data/migrate.ts';
import { claimDue } from '../../src/schedule/claim.ts';
import { nextSlot, parseSchedule } from '../../src/schedule/cron.ts';
import { ExpectedSlots } from '../../src/schedule/slot-times.ts';

const bots = 2_000;
const rounds = 3;

async function makeDue(db: Db): Promise<void> {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, checked_version, next_slot_at, next_execution_at)
    SELECT 'bot-' || i, 'Bot', (i % 60) || ' * * * *', '/api/bots/conductor', 1,
           date_trunc('minute', now()), date_trunc('minute', now())
    FROM generate_series(1, ${bots}::int) i`.execute(db);
  await sql`ANALYZE bots`.execute(db);
}

/** One tick: every due bot claimed and recorded in batches. */
const claimed = async (db: Db): Promise<number> =>
  (await claimDue(db, new ExpectedSlots(), async () => {})).queued.length;

/** The obvious way: one transaction a bot, cron computed for each. */
async function oneByOne(db: Db): Promise<number> {
  const due = await db
    .selectFrom('bots')
    .select(['id', 'schedule_cron', 'timezone', 'next_slot_at'])
    .where('next_execution_at', '<=', sql<Date>`engine.now()`)
    .execute();
  for (const bot of due) {
    await db.transaction().execute(async (trx) => {
      await trx.selectFrom('bots').select('id').where('id', '=', bot.id).forNoKeyUpdate().execute();
      const slot = bot.next_slot_at!;
      await trx
        .insertInto('bot_executions')
        .values({
          bot_id: bot.id,
          status: 'queued',
          started_at: slot,
          scheduled_for: slot,
          generation: 1,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const next = nextSlot(parseSchedule(bot.schedule_cron, bot.timezone), slot);
      await trx
        .updateTable('bots')
        .set({ next_slot_at: next, next_execution_at: next })
        .where('id', '=', bot.id)
        .execute();
    });
  }
  return due.length;
}

async function timed(db: Db, work: (db: Db) => Promise<number>): Promise<number> {
  await makeDue(db);
  const began = performance.now();
  const done = await work(db);
  const took = performance.now() - began;
  if (done !== bots) throw new Error(`${done} of ${bots} bots were claimed`);
  return took;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const server = await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), {
  fsync: true,
});
const db = connect(server.url);
try {
  await migrateToLatest(db);
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await timed(db, claimed));
    peer.push(await timed(db, oneByOne));
  }
  const [mine, theirs] = [median(ours), median(peer)];
  console.log(`${bots} bots due at once, claimed and recorded; medians of ${rounds}`);
  console.log(
    `  claimDue                 ${mine.toFixed(0)} ms   ${((bots / mine) * 1000).toFixed(0)} bots/s`,
  );
  console.log(
    `  one transaction a bot    ${theirs.toFixed(0)} ms   ${((bots / theirs) * 1000).toFixed(0)} bots/s`,
  );
  console.log(`  ratio                    ${(theirs / mine).toFixed(1)} x`);
} finally {
  await db.destroy();
  await server.stop();
}
