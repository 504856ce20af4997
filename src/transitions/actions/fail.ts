/**
 * A step failed: its remedy threw by itself and its effect was rolled back, or it is certain that an effect outside did
 * not happen, or the check still fails after the step.
 *
 * From: `intent`; or `applied`, when the check was asked.
 * To: `failed`, with the reason in `error_message`.
 * By: the worker or the process that applies the remedy, under the run's fence.
 * Locks: the action.
 * Zero rows: the action has ended, was applied after all, or belongs to another run.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';
import { endIntent, type EndedIntent } from './end-intent.ts';

/** Its remedy threw. False for zero rows. */
export const failIntent = (trx: Transaction<Database>, ended: EndedIntent): Promise<boolean> =>
  endIntent(trx, 'failed', ended);

/**
 * For an effect outside: the remedy was asked, and the effect did not happen. The evidence keeps the record of the
 * beginning.
 */
export async function failOutside(
  trx: Transaction<Database>,
  { id, execution_id, why }: Omit<EndedIntent, 'fault'>,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concluded('state', 'failed')}, error_message = ${why}::text, execution_id = ${execution_id}::uuid
    WHERE id = ${id}::uuid AND state = 'intent'`.execute(trx);
}

/** The check was asked again, and still fails. False for zero rows. */
export async function failCure(trx: Transaction<Database>, id: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_actions
    SET ${concluded('state', 'failed')}, error_message = 'the check still fails after it was applied'
    WHERE id = ${id}::uuid AND state = 'applied' RETURNING id`.execute(trx);
  return rows.length > 0;
}
