/**
 * A step failed: its remedy threw by its own doing and nothing of it is left, it is certain that an effect outside was
 * not done, or the check still fails after it.
 *
 * From: `intent`; or `applied`, where the check was asked.
 * To: `failed`, with the reason in `error_message`.
 * By: the worker or the process that applies the remedy, under the run's fence.
 * Locks: the action.
 * Zero rows: the action has ended, was applied after all, or is another run's.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';
import { endIntent, type EndedIntent } from './end-intent.ts';

/** Its remedy threw. False for zero rows. */
export const failIntent = (trx: Transaction<Database>, ended: EndedIntent): Promise<boolean> =>
  endIntent(trx, 'failed', ended);

/** Of an effect outside: it was asked about, and was not done. What was begun stays in the evidence. */
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
