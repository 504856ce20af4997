/**
 * A person resolved the ticket. From now on nothing shows whether its problem would have recovered untouched, unless
 * that was known before. If the person said what the cure was, every shadowed decision about the problem is scored as right
 * or wrong. The score replaces an earlier one, because the earlier cure did not last.
 *
 * From: `pending`; any `answer` of a shadowed decision.
 * To: `touched`; `approved` or `rejected`.
 * By: an operator who resolves the ticket.
 * Locks: the fingerprint's decisions, after its memory, in one statement, so that entries are locked in order.
 * Zero rows: no decision of the engine about the problem waits or can be scored.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** `cure` undefined: the person did not say; `knowledge` null: no known entry would have helped. */
export async function answerByCure(
  trx: Transaction<Database>,
  ticket: { fingerprint: string; finding_id: string | null; created_at: Date | null },
  by: string,
  cure: { knowledge: { id: string } | null } | undefined,
): Promise<void> {
  const scored = sql`(${cure !== undefined} AND d.verdict = 'shadowed'
    AND (d.finding_id = ${ticket.finding_id}::uuid OR d.decided_at >= ${ticket.created_at}::timestamptz)) IS TRUE`;
  // When events have shown that the problem was over before the person acted, it recovered untouched.
  const touched = sql`(d.outcome = 'pending' AND d.clean_at IS NULL)`;
  await sql`
    UPDATE bot_decisions d
    SET outcome = CASE WHEN ${touched} THEN 'touched' ELSE d.outcome END,
        settled_at = CASE WHEN ${touched} THEN engine.now() ELSE d.settled_at END,
        answer = CASE WHEN NOT ${scored} THEN d.answer
                      WHEN d.knowledge_id = ${cure?.knowledge?.id ?? null}::uuid THEN 'approved' ELSE 'rejected' END,
        answered_by = CASE WHEN ${scored} THEN ${by}::text ELSE d.answered_by END,
        answered_at = CASE WHEN ${scored} THEN engine.now() ELSE d.answered_at END
    WHERE d.fingerprint = ${ticket.fingerprint}::text AND (${touched} OR ${scored})`.execute(trx);
}
