/**
 * Makes the memory of a problem record clean results until the outcome of a decision or an action about the problem is known,
 * and stops that afterwards.
 *
 * From: `watched` false; or true, when no outcome waits for its results.
 * To: `watched` true; or false.
 * By: the worker that decides about a finding, under the run's fence; or the timer that concludes outcomes.
 * Locks: the fingerprint's memory, before its finding. The timer locks memories in no fixed order, and skips those that other
 *   transactions hold.
 * Zero rows: `watched` already has this value.
 */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

export async function watch(
  trx: Transaction<Database>,
  { fingerprint }: { fingerprint: string },
): Promise<void> {
  await trx
    .updateTable('bot_finding_states')
    .set({ watched: true })
    .where('fingerprint', '=', fingerprint)
    .where('watched', '=', false)
    .execute();
}

/**
 * Stops it for at most `maxRows` memories for which no outcome waits. It is one statement, so it needs no transaction around
 * it.
 */
export async function unwatch(db: Db, maxRows: number): Promise<void> {
  await sql`
    UPDATE bot_finding_states SET watched = false
    WHERE fingerprint IN (
      SELECT s.fingerprint FROM bot_finding_states s
      WHERE s.watched
        AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = s.bot_id AND f.fingerprint = s.fingerprint AND f.resolved_at IS NULL)
        AND NOT EXISTS (SELECT FROM bot_actions a WHERE a.fingerprint = s.fingerprint AND a.state IN ('intent', 'applied', 'verified'))
        AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = s.fingerprint AND d.outcome = 'pending')
      -- Locks bot_finding_states in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE SKIP LOCKED)`.execute(db);
}
