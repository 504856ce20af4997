import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import type { Span } from './hours.ts';
import type { RollupKind } from './sources.ts';

const dayMs = 86_400_000;

/** The day of these hours, in UTC. */
export const dayOf = ({ from }: Span): Span => {
  const begins = Math.floor(+from / dayMs) * dayMs;
  return { from: new Date(begins), to: new Date(begins + dayMs) };
};

/** Adds up the hours of a day; of today, those that are there by now. */
export async function rollUpDay(
  trx: Transaction<Database>,
  kind: RollupKind,
  { from, to }: Span,
): Promise<void> {
  await sql`
    DELETE FROM engine.rollups WHERE kind = ${kind} AND period = 'day' AND starts_at = ${from}`.execute(
    trx,
  );
  await sql`
    INSERT INTO engine.rollups (kind, subject, period, starts_at, events, failures, total_ms, cost)
    SELECT kind, subject, 'day', ${from}, sum(events), sum(failures), sum(total_ms), sum(cost)
    FROM engine.rollups
    WHERE kind = ${kind} AND period = 'hour' AND starts_at >= ${from} AND starts_at < ${to}
    GROUP BY kind, subject`.execute(trx);
}

/** With fewer slots and runs a day than these, a score says nothing. */
const minScored = 5;

/**
 * Writes a day of `bot_metrics`, in place of what was written before: runs that ended, as the counters of `bots` count them, what
 * was found, done and opened, and the health score. The score is 100 * successes / (successes + failures + slots that were missed
 * or skipped because the bot was still running). Slots that maintenance or the kill switch skipped do not count.
 */
export async function writeBotMetrics(
  trx: Transaction<Database>,
  { from, to }: Span,
): Promise<void> {
  const inDay = (column: string) =>
    sql<boolean>`${sql.ref(column)} >= ${from} AND ${sql.ref(column)} < ${to}`;
  const day = from.toISOString().slice(0, 10);
  await sql`DELETE FROM bot_metrics WHERE day = ${day}::date`.execute(trx);
  await sql`
    WITH ended AS (
      SELECT bot_id, count(*) FILTER (WHERE is_run) AS runs, count(*) FILTER (WHERE status = 'success') AS successes,
             count(*) FILTER (WHERE status IN ('failed', 'timeout')) AS failures,
             coalesce(sum(execution_time_ms) FILTER (WHERE is_run), 0) AS ms,
             coalesce(sum(slots) FILTER (WHERE status = 'skipped' AND reason IN ('overlap', 'missed')), 0) AS lost
      FROM (
        SELECT *, status <> 'skipped' AS is_run,
               -- A missed row may stand for many slots.
               CASE jsonb_typeof(metadata -> 'count') WHEN 'number' THEN least((metadata ->> 'count')::numeric, 100000) ELSE 1 END AS slots
        FROM bot_executions WHERE ${inDay('completed_at')} AND trigger <> 'verify' AND bot_id IS NOT NULL) e
      GROUP BY bot_id
    ), found AS (SELECT bot_id, count(*) AS findings FROM bot_findings WHERE ${inDay('detected_at')} GROUP BY bot_id
    ), acted AS (SELECT bot_id, count(*) AS actions FROM bot_actions WHERE ${inDay('taken_at')} GROUP BY bot_id
    ), opened AS (SELECT bot_id, count(*) AS tickets FROM bot_tickets WHERE ${inDay('created_at')} GROUP BY bot_id)
    INSERT INTO bot_metrics (bot_id, day, runs, successful_runs, failed_runs, findings, actions, tickets, execution_time_ms, health_score)
    SELECT b.id, ${day}::date, coalesce(runs, 0), coalesce(successes, 0), coalesce(failures, 0),
           coalesce(findings, 0), coalesce(actions, 0), coalesce(tickets, 0), coalesce(ms, 0),
           CASE WHEN successes + failures + lost >= ${minScored} THEN round(100.0 * successes / (successes + failures + lost)) END
    FROM bots b
    LEFT JOIN ended ON ended.bot_id = b.id LEFT JOIN found ON found.bot_id = b.id
    LEFT JOIN acted ON acted.bot_id = b.id LEFT JOIN opened ON opened.bot_id = b.id
    WHERE ended.bot_id IS NOT NULL OR findings > 0 OR actions > 0 OR tickets > 0`.execute(trx);
}
