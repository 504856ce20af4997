/**
 * Records that the effect of an intent has happened, with its evidence, and with its parameters, because an undo needs
 * the same ones. Events from before the effect no longer count.
 *
 * From: `intent`.
 * To: `applied`; its entry's `last_used_at` is set. The database itself updates the entry's figures
 *   (engine.count_outcomes), whichever process writes the action.
 * By: the process that applied the remedy, under the run's fence, in the transaction of an effect inside the database.
 * Locks: the fingerprint's memory, the action, the entry.
 * Zero rows: the action has ended, or another run has applied it.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { cutOff } from '../findings/cut-off.ts';

/** What an action has done. */
export interface AppliedEffect {
  id: string;
  knowledge_id: string | null;
  execution_id: string;
  fingerprint: string;
  description: string;
  /** JSON: this is added to the evidence */
  evidence: string;
  applied_at: Date;
  /** seconds until the check is asked whether the step helped */
  verifyAfter: number | null;
}

/** False for zero rows. */
export async function markApplied(
  trx: Transaction<Database>,
  action: AppliedEffect,
): Promise<boolean> {
  const { id, knowledge_id, execution_id, fingerprint, applied_at, verifyAfter } = action;
  // Events during the application do not count as events after it.
  await cutOff(trx, fingerprint, verifyAfter ?? 0);
  const applied = await trx
    .updateTable('bot_actions')
    .set({
      state: 'applied',
      applied_at,
      verify_after: verifyAfter ? new Date(applied_at.getTime() + verifyAfter * 1000) : null,
      execution_id,
      action_description: action.description,
      evidence: sql`evidence || ${action.evidence}::jsonb`,
    })
    .where('id', '=', id)
    .where('state', '=', 'intent')
    .returning('id')
    .executeTakeFirst();
  if (!applied) return false;
  if (knowledge_id !== null)
    await trx
      .updateTable('bot_knowledge')
      .set({ last_used_at: sql<Date>`engine.now()` })
      .where('id', '=', knowledge_id)
      .execute();
  return true;
}
