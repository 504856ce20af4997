/** A report reads the rows of its periods by index, however many there are of other times. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { reportOf } from './planted.ts';

/** `REPORT_RUNS=5000` plants a year of a million rows. */
const runs = Number(process.env.REPORT_RUNS ?? 500);
const [bots, day] = [200, 86_400_000];

test('of 200 bots a report looks up the slots of its periods by index', async () => {
  const { db } = await testDatabase();
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, created_at, planned_from, next_slot_at, next_execution_at)
    SELECT 'bot-' || i, 'Bot', '0 */2 * * *', 'bot:watch', now() - interval '2 years', now() - interval '2 years',
           now() + interval '1 hour', now() + interval '1 hour' FROM generate_series(1, ${bots}::int) i`.execute(
    db,
  );
  await db.transaction().execute(async (trx) => {
    await sql`SET LOCAL statement_timeout = 0`.execute(trx);
    await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, started_at, completed_at, scheduled_for, queued_at, generation)
    SELECT b.id, 'success', 'schedule', s.slot, s.slot, s.slot, s.slot, 1
    FROM generate_series(0, ${runs}::int - 1) i, bots b,
         LATERAL (SELECT date_trunc('day', now()) - i * interval '2 hours' AS slot) s`.execute(trx);
  });
  await sql`VACUUM ANALYZE bots, bot_executions`.execute(db);
  const today = Math.floor(Date.now() / day) * day;
  const [from, to] = [today - day, today].map((at) => new Date(at).toISOString()) as [
    string,
    string,
  ];
  const took: number[] = [];
  let due = 0;
  for (let at = 0; at < 10; at += 1) {
    const began = performance.now();
    due = (await reportOf(db, from, to)).slots.due;
    took.push(performance.now() - began);
  }
  expect(due).toBe(bots * 12);
  const { rows: plan } = await sql<{ 'QUERY PLAN': string }>`
    EXPLAIN SELECT r.* FROM bots b CROSS JOIN LATERAL (
      SELECT e.status, count(*) FROM bot_executions e
      WHERE e.bot_id = b.id AND e.scheduled_for >= ${from} AND e.scheduled_for < ${to} GROUP BY 1 OFFSET 0) r`.execute(
    db,
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toContain('idx_executions_slot');
  expect(text).not.toContain('Seq Scan on bot_executions');
  if (process.env.REPORT_RUNS) console.log(took.map(Math.round).join(' '), 'ms');
}, 300_000);
