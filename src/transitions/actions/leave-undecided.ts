/**
 * A cure whose check counts events stays without a verdict: a person acted before the events could show whether it helped, or the
 * events stayed unclear for as long as the check is asked. Such a cure counts neither for nor against its entry.
 *
 * From: `applied`, `verified` (only by the timer), of a check of events.
 * To: `undecided`, with the reason in `error_message`.
 * By: an operator who resolves a ticket; the timer that concludes outcomes.
 * Locks: actions of the fingerprint, after its memory; by the timer in no fixed order, without those that other transactions hold.
 * Zero rows: no such cure waits for its verdict.
 */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';

/** The reason, for people, if the events after a cure stayed unclear. */
export const neverClear =
  'the events after it did not show whether it helped, for as long as the check was asked';

/** How late the last question to the check may be; after that the timer concludes the cure without asking. */
const lastQuestionDelay = '10 minutes';

/** `helped` is the entry that helped, as the person says: the cures of that entry are still judged. */
export async function leaveUndecided(
  trx: Transaction<Database>,
  fingerprint: string,
  why: string,
  helped: string | null = null,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'undecided')}, success = false, error_message = ${why}::text
    WHERE fingerprint = ${fingerprint}::text AND state = 'applied' AND judge_within IS NOT NULL
      AND knowledge_id IS DISTINCT FROM ${helped}::uuid`.execute(trx);
}

/**
 * For cures about which the check was asked for long enough, at most `maxRows` of them; returns how many there were. Usually
 * a run of its own asks the check a last time and concludes the cure (`ask-again.ts`). This function is for cures whose bot
 * is paused, and for verified cures whose second verdict never came. It is one statement, so it needs no transaction around
 * it.
 */
export async function leaveUnclearUndecided(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    UPDATE bot_actions SET ${concludeAs('state', 'undecided')}, success = false, error_message = ${neverClear}
    WHERE id IN (
      SELECT a.id FROM bot_actions a LEFT JOIN bot_finding_states s ON s.fingerprint = a.fingerprint
      WHERE a.judge_within IS NOT NULL AND a.state IN ('applied', 'verified')
        AND CASE a.state WHEN 'verified' THEN a.hold_until
            ELSE coalesce(s.cutoff_at, a.verify_after, a.applied_at) + ${sql.lit(lastQuestionDelay)}::interval END
            + make_interval(secs => a.judge_within) <= engine.now()
        AND NOT EXISTS (SELECT FROM bot_executions e WHERE e.id = a.execution_id AND e.status = 'running')
      -- Locks bot_actions in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF a SKIP LOCKED)
      AND state IN ('applied', 'verified')
    RETURNING id`.execute(db);
  return rows.length;
}
