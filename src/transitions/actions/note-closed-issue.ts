/**
 * The issue that an action keeps at GitHub was looked at after its problem was gone, and is closed.
 *
 * From: any state; the action's evidence does not say so yet.
 * To: the same state, with `issue_closed` (the time) in its evidence.
 * By: the job `close-issues`.
 * Locks: the actions, in the order of their ids.
 * Zero rows: another run of the job has noted them, or they were removed.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export async function noteClosedIssue(
  trx: Transaction<Database>,
  ids: readonly string[],
): Promise<void> {
  await sql`
    WITH noted AS MATERIALIZED (
      -- Locks bot_actions by id.
      SELECT id FROM bot_actions WHERE id = ANY (${ids}::uuid[]) AND NOT evidence ? 'issue_closed'
      ORDER BY id FOR NO KEY UPDATE)
    UPDATE bot_actions SET evidence = evidence || jsonb_build_object('issue_closed', engine.now())
    WHERE id IN (SELECT id FROM noted)`.execute(trx);
}
