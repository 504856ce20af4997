/**
 * Makes a memory record clean results until an outcome about its problem is known, and stops that afterwards.
 *
 * From: `watched` false; or true, when no outcome waits for its results.
 * To: `watched` true; or false.
 * By: the worker that decides about a finding, under the run's fence; or the timer that concludes outcomes.
 * Locks: the fingerprint's memory, before its finding; of many, as they come, without those that other transactions hold.
 * Zero rows: it already has this value.
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
 * For at most this many memories for whose results no outcome waits; one statement, so it needs no transaction around
 * it.
 */
export async function unwatch(db: Db, most: number): Promise<void> {
  await sql`
    UPDATE bot_finding_states SET watched = false
    WHERE fingerprint IN (
      SELECT s.fingerprint FROM bot_finding_states s
      WHERE s.watched
        AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = s.bot_id AND f.fingerprint = s.fingerprint AND f.resolved_at IS NULL)
        AND NOT EXISTS (SELECT FROM bot_actions a WHERE a.fingerprint = s.fingerprint AND a.state IN ('intent', 'applied', 'verified'))
        AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = s.fingerprint AND d.outcome = 'pending')
      -- Locks bot_finding_states as they come; rows that others hold are skipped.
      LIMIT ${sql.lit(most)} FOR NO KEY UPDATE SKIP LOCKED)`.execute(db);
}
