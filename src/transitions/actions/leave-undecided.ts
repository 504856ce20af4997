/**
 * It stays unknown whether a cure of a check of events helped: a person acted first, or the events after the cure
 * stayed unclear for as long as the check is asked. It counts neither for nor against an entry.
 *
 * From: `applied`, `verified` (only by the timer), of a check of events.
 * To: `undecided`, with the reason in `error_message`.
 * By: an operator who resolves a ticket; the timer that concludes outcomes.
 * Locks: actions of the fingerprint, after its memory; by the timer as they come, without those that other transactions hold.
 * Zero rows: no such cure waits.
 */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';

/** Why a cure is `undecided`, for people. */
export const neverTold =
  'the events after it did not show whether it helped, for as long as the check was asked';

/** How late the last question about a cure may come. */
const lastQuestionMay = '10 minutes';

/** `helped` is the entry that helped, as a person says: its cure is still judged. */
export async function leaveUndecided(
  trx: Transaction<Database>,
  fingerprint: string,
  why: string,
  helped: string | null = null,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concluded('state', 'undecided')}, success = false, error_message = ${why}::text
    WHERE fingerprint = ${fingerprint}::text AND state = 'applied' AND judge_within IS NOT NULL
      AND knowledge_id IS DISTINCT FROM ${helped}::uuid`.execute(trx);
}

/**
 * For cures about which the check was asked for long enough, at most this many; returns how many. Usually the last
 * question is asked by a run of its own. This function is for cures whose bot is paused, and for second verdicts that
 * never came. It is one statement, so it needs no transaction around it.
 */
export async function leaveUnclearUndecided(db: Db, most: number): Promise<number> {
  const { rows } = await sql`
    UPDATE bot_actions SET ${concluded('state', 'undecided')}, success = false, error_message = ${neverTold}
    WHERE id IN (
      SELECT a.id FROM bot_actions a LEFT JOIN bot_finding_states s ON s.fingerprint = a.fingerprint
      WHERE a.judge_within IS NOT NULL AND a.state IN ('applied', 'verified')
        AND CASE a.state WHEN 'verified' THEN a.hold_until
            ELSE coalesce(s.cutoff_at, a.verify_after, a.applied_at) + ${sql.lit(lastQuestionMay)}::interval END
            + make_interval(secs => a.judge_within) <= engine.now()
        AND NOT EXISTS (SELECT FROM bot_executions e WHERE e.id = a.execution_id AND e.status = 'running')
      -- Locks bot_actions as they come; rows that others hold are skipped.
      LIMIT ${sql.lit(most)} FOR NO KEY UPDATE OF a SKIP LOCKED)
      AND state IN ('applied', 'verified')
    RETURNING id`.execute(db);
  return rows.length;
}
