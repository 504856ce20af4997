/**
 * Ends an intent that was not applied, for `fail.ts` and `abort.ts`. When a fault was the reason, the evidence keeps
 * its class.
 *
 * From: `intent`, of this run or not begun outside.
 * To: `failed` or `aborted`.
 * By: the worker that applies the step, under the run's fence.
 * Locks: the action.
 * Zero rows: the action was applied (a connection that was lost around COMMIT throws too), or another run has begun it.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';

export interface EndedIntent {
  id: string;
  execution_id: string;
  why: string;
  /** the class of a fault of the database, a connection or a process */
  fault: string | null;
}

export async function endIntent(
  trx: Transaction<Database>,
  word: 'failed' | 'aborted',
  { id, execution_id, why, fault }: EndedIntent,
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_actions
    SET ${concluded('state', word)}, error_message = ${why}::text,
        evidence = evidence - 'begun' - 'params' || jsonb_strip_nulls(jsonb_build_object('fault', ${fault}::text))
    WHERE id = ${id}::uuid AND state = 'intent'
      -- An intent that another run has since begun outside belongs to that run.
      AND (execution_id = ${execution_id}::uuid OR NOT evidence ? 'begun')
    RETURNING id`.execute(trx);
  return rows.length > 0;
}
