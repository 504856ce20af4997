import { sql } from 'kysely';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { openQueue } from '../../../src/queue/run-queue.ts';
import { claimDue } from '../../../src/schedule/claim.ts';
import { planBots } from '../../../src/schedule/plan.ts';
import { ExpectedSlots } from '../../../src/schedule/slot-times.ts';
import { bots, remedies } from './bots.ts';
import { plantBots } from './plant.ts';
import type { Servers } from './servers.ts';
import { median, ms, quantile } from './table.ts';
import { inWords, sized } from '../size.ts';

const sizes = sized([1_000, 10_000, 100_000, 1_000_000], [100, 200]);
const ticks = sized(200, 5);
const due = sized(1_000, 50);
const rounds = sized(3, 1);

/** Prints how the cost of a tick grows with the number of bots: an idle one, and one that finds 1,000 due. */
export async function growth({ db, postgresUrl: databaseUrl, redisUrl }: Servers): Promise<[]> {
  console.log(
    `| bots | idle tick, p50 | ${inWords(due)} due: claimed, recorded, queued | table and indexes |`,
  );
  console.log('|---|---|---|---|');
  const catalogue = catalogueOf(bots, remedies);
  const queue = await openQueue(db, { redisUrl, databaseUrl }, () => {});
  for (const size of sizes) {
    await plantBots(db, size, { due: false });
    const expected = new ExpectedSlots();
    const idle: number[] = [];
    for (let i = 0; i < ticks; i++) {
      const began = performance.now();
      await planBots(db, catalogue);
      await claimDue(db, expected, async () => {});
      idle.push(performance.now() - began);
    }
    const busy: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await sql`DELETE FROM bot_executions`.execute(db);
      await sql`
        UPDATE bots SET next_slot_at = slot, next_execution_at = slot
        FROM (SELECT date_trunc('minute', now()) - make_interval(mins => ${round}) AS slot) s
        WHERE name IN (SELECT 'bot-' || i FROM generate_series(1, ${due}::int) i)`.execute(db);
      const began = performance.now();
      const { queued } = await claimDue(db, expected, (entries) => queue.add(entries));
      busy.push(performance.now() - began);
      if (queued.length !== due) throw new Error(`${queued.length} of ${due} bots were claimed`);
    }
    const { rows } = await sql<{ mb: number }>`
      SELECT round(pg_total_relation_size('bots') / 1048576.0)::int AS mb`.execute(db);
    const cells = [inWords(size), ms(quantile(idle, 0.5)), ms(median(busy)), `${rows[0]!.mb} MB`];
    console.log(`| ${cells.join(' | ')} |`);
  }
  await queue.close();
  console.log();
  return [];
}
