/**
 * Ends an intent that was not applied, for `fail.ts` and `abort.ts`. When a fault of the database, a connection or a process
 * was the reason, the class of the fault is kept in the evidence.
 *
 * From: `intent`, if this run owns it, or if no run has begun its effect outside the database.
 * To: `failed` or `aborted`.
 * By: the worker that applies the step, under the run's fence.
 * Locks: the action.
 * Zero rows: the action was applied after all (this happens when the connection is lost during COMMIT: the worker sees an
 *   error although the server has committed), or another run has begun the effect.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';

/** Which intent ends, and why. */
export interface IntentEnd {
  /** id of the action */
  id: string;
  /** the run that ends it */
  execution_id: string;
  /** for people: it becomes the action's `error_message` */
  why: string;
  /** the class of a fault of the database, a connection or a process */
  fault: string | null;
}

/** False for zero rows. */
export async function endIntent(
  trx: Transaction<Database>,
  state: 'failed' | 'aborted',
  { id, execution_id, why, fault }: IntentEnd,
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', state)}, error_message = ${why}::text,
        evidence = evidence - 'begun' - 'params' || jsonb_strip_nulls(jsonb_build_object('fault', ${fault}::text))
    WHERE id = ${id}::uuid AND state = 'intent'
      -- An intent whose effect outside another run has begun since belongs to that run.
      AND (execution_id = ${execution_id}::uuid OR NOT evidence ? 'begun')
    RETURNING id`.execute(trx);
  return rows.length > 0;
}
