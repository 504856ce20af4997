/**
 * A step failed: its remedy threw an error of its own (it was not stopped, and no fault was the reason) and its effect was
 * rolled back, or it is certain that an effect outside did not happen, or the check still fails after the step.
 *
 * From: `intent`; or `applied`, when the check was asked.
 * To: `failed`, with the reason in `error_message`.
 * By: the worker, or its child that applies the remedy. The caller's transaction holds the run under its fence.
 * Locks: the action.
 * Zero rows: the action has ended or was applied after all; for failIntent also: another run has begun it.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';
import { endIntent, type EndedIntent } from './end-intent.ts';

/** The remedy threw. False for zero rows. */
export const failIntent = (trx: Transaction<Database>, ended: EndedIntent): Promise<boolean> =>
  endIntent(trx, 'failed', ended);

/**
 * For an effect outside the database that certainly did not happen: `isDone` said so, or the remedy threw before it or
 * instead of it. Unlike failIntent, it keeps `begun` and `params` in the evidence. `execution_id` is the run that found
 * this out. Returns nothing: for zero rows the state of the action says what became of it.
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
