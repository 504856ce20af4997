/**
 * A step failed, for one of three reasons. Its remedy threw an error that comes from the remedy itself (not from the database,
 * a connection or a process that ended), and its effect was rolled back. Or it is certain that an effect outside the database
 * did not happen. Or the check still fails after the step.
 *
 * From: `intent`; or `applied`, when the check was asked.
 * To: `failed`, with the reason in `error_message`.
 * By: the worker, or the worker's child that applies the remedy. The caller's transaction holds the run under its fence.
 * Locks: the action.
 * Zero rows: the action has ended, or was applied after all; in `failIntent` also: another run has begun the effect.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';
import { endIntent, type IntentEnd } from './end-intent.ts';

/** For a remedy that threw an error of its own. False for zero rows. */
export const failIntent = (trx: Transaction<Database>, end: IntentEnd): Promise<boolean> =>
  endIntent(trx, 'failed', end);

/**
 * For an effect outside the database that certainly did not happen: the remedy's `isDone` said so, or the remedy threw before
 * it had an effect. Unlike `failIntent`, this keeps `begun` and `params` in the evidence. `execution_id` is the run that
 * found this out. Returns nothing: after zero rows the action's own state says what became of it.
 */
export async function failWithoutEffect(
  trx: Transaction<Database>,
  { id, execution_id, why }: Omit<IntentEnd, 'fault'>,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'failed')}, error_message = ${why}::text, execution_id = ${execution_id}::uuid
    WHERE id = ${id}::uuid AND state = 'intent'`.execute(trx);
}

/** For an applied step after which the check was asked again and still fails. False for zero rows. */
export async function failCure(trx: Transaction<Database>, id: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_actions
    SET ${concludeAs('state', 'failed')}, error_message = 'the check still fails after this step was applied'
    WHERE id = ${id}::uuid AND state = 'applied' RETURNING id`.execute(trx);
  return rows.length > 0;
}
