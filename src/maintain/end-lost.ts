/** The end of runs that nobody carries any more and that may not be begun again. */
import { sql, type Transaction } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database, Db } from '../database/connect.ts';
import { faultBehind } from '../database/faults/fault-behind.ts';
import { isOutage } from '../database/faults/outage.ts';
import type { Log } from '../log.ts';
import { hasBegun, leaseOver, leaseRanOut, mayGoOn, tookMs } from './lease-over.ts';

/** Brings what lost runs have left open to people, in a transaction that holds the runs and their bots. */
export type Escalate = (trx: Transaction<Database>, runs: Fenced[]) => Promise<unknown>;

const batch = 500;
/** What ends alone gets so long in one go; the rest follows with the next rescue. */
const aloneMs = 5_000;

const isLost = sql`(${leaseOver} AND NOT ${mayGoOn})`;
/** It waits for another attempt, which no start would give it. */
const isGivenUp = sql`(e.status = 'queued' AND e.cancel_requested_at IS NOT NULL AND ${hasBegun})`;

/**
 * `running` with a lease run out, and no attempt left or asked to stop; or `queued` for another attempt, and
 * asked to stop: its end, with the bot's counters. What its attempts have recorded is escalated as at every
 * other end. Where that fails, each run is ended alone, so that one cannot keep the others, and one whose
 * escalation fails alone is ended without it.
 */
export async function endLost(db: Db, escalate: Escalate, log: Log): Promise<number> {
  const lost = await lostOnes(db);
  if (lost.length === 0) return 0;
  try {
    return await end(db, escalate, lost);
  } catch (error) {
    if (isOutage(error)) throw error;
    log.warn({ err: error }, 'lost runs could not be ended together; each is ended alone');
  }
  const until = performance.now() + aloneMs;
  let ended = 0;
  for (const id of await lostOnes(db)) {
    if (performance.now() > until) break;
    ended += await endAlone(db, escalate, id, log);
  }
  return ended;
}

/** In no order: what fails again and again must not be the first each time. */
async function lostOnes(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM (
      SELECT e.id FROM bot_executions e WHERE ${isLost}
      UNION ALL SELECT e.id FROM bot_executions e WHERE ${isGivenUp}
    ) lost ORDER BY random() LIMIT ${batch}`.execute(db);
  return rows.map(({ id }) => id);
}

async function endAlone(db: Db, escalate: Escalate, id: string, log: Log): Promise<number> {
  try {
    return await end(db, escalate, [id]);
  } catch (error) {
    if (isOutage(error)) throw error;
    if (isInTheWay(error)) {
      log.warn({ err: error, run: id }, 'a lost run is ended later: somebody holds what it needs');
      return 0;
    }
    const ended = await end(db, async () => {}, [id]);
    if (ended > 0)
      log.error({ err: error, run: id }, 'a lost run was ended without escalation, which fails');
    return ended;
  }
}

/** Deadlocks, locks and statements that took too long, a server without room: not what escalation itself does. */
const isInTheWay = (error: unknown) =>
  ['conflict', 'timeout', 'resources', 'connection', 'read-only'].includes(
    faultBehind(error) ?? '',
  );

/** Ends those of them that are still lost and that, with their bots, nobody has locked. */
const end = (db: Db, escalate: Escalate, ids: string[]): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const { rows: dead } = await sql<Fenced & { waits: boolean }>`
      SELECT e.id, e.fence, e.status = 'queued' AS waits FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE e.id = ANY (${ids}::uuid[]) AND (${isLost} OR ${isGivenUp})
      -- Locks bot_executions by id, each with its bot; rows that others hold are skipped.
      ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED FOR NO KEY UPDATE OF b SKIP LOCKED`.execute(
      trx,
    );
    if (dead.length === 0) return 0;
    const waiting = dead.filter(({ waits }) => waits).map(({ id }) => id);
    // What escalates asks for runs that are held. Nobody sees this: the same transaction ends them.
    if (waiting.length > 0)
      await sql`
        UPDATE bot_executions SET status = 'running', lease_until = engine.now()
        WHERE id = ANY (${waiting}::uuid[])`.execute(trx);
    await escalate(trx, dead);
    const waited = sql`e.id = ANY (${waiting}::uuid[])`;
    await sql`
      WITH ended AS (
        UPDATE bot_executions e
        SET status = CASE WHEN e.cancel_requested_at IS NULL THEN 'failed' ELSE 'cancelled' END,
            reason = CASE WHEN e.cancel_requested_at IS NULL THEN 'worker lost' ELSE 'cancelled' END,
            error_message = CASE WHEN ${waited} THEN e.error_message ELSE ${leaseRanOut} END,
            execution_time_ms = CASE WHEN ${waited} THEN e.execution_time_ms ELSE ${tookMs} END,
            completed_at = engine.now(), generation = e.generation + 1, lease_until = NULL, run_after = NULL
        WHERE e.id = ANY (${dead.map(({ id }) => id)}::uuid[])
        RETURNING e.bot_id, e.status, e.trigger, e.execution_time_ms, e.started_at
      )
      UPDATE bots b
      SET total_runs = b.total_runs + m.runs, failed_runs = b.failed_runs + m.failed,
          -- How long one took that waited is not known: it leaves the mean as it is.
          avg_execution_time_ms = round((coalesce(b.avg_execution_time_ms, 0)::numeric * (b.total_runs + m.runs - m.timed)
                                         + m.ms) / (b.total_runs + m.runs)),
          last_execution_at = greatest(b.last_execution_at, m.started_at)
      FROM (SELECT bot_id, count(*) AS runs, count(*) FILTER (WHERE status = 'failed') AS failed,
                   count(execution_time_ms) AS timed, coalesce(sum(execution_time_ms), 0) AS ms, max(started_at) AS started_at
            FROM ended WHERE trigger <> 'verify' GROUP BY bot_id) m
      WHERE b.id = m.bot_id`.execute(trx);
    return dead.length;
  });
