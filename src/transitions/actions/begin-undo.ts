/**
 * Records that an undo outside the database begins. This is committed before the undo, so that after a crash the engine
 * knows that the undo may have happened, and does not repeat it.
 *
 * From: any state, with a requested undo.
 * To: the same state, `undo_begun` in its evidence.
 * By: the process that undoes the effect, under the run's fence.
 * Locks: the action, which the transaction holds already.
 * Zero rows: none, because the transaction holds it.
 */
import { sql, type Transaction } from 'kysely';
import type { Fenced } from '../../data/bots/fence.ts';
import type { Database } from '../../database/connect.ts';

export async function beginUndo(
  trx: Transaction<Database>,
  run: Fenced,
  { id }: { id: string },
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET evidence = evidence || jsonb_build_object(
      'undo_begun', jsonb_build_object('execution_id', ${run.id}::text, 'fence', ${run.fence}::text, 'at', engine.now()))
    WHERE id = ${id}::uuid`.execute(trx);
}
