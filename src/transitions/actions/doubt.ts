/**
 * It is not known whether an effect outside the database happened. So the step is not repeated, and a ticket asks a person
 * to look.
 *
 * From: `intent`.
 * To: `unknown`, with the reason in `error_message`.
 * By: the worker, or its child that applies the remedy, under the run's fence.
 * Locks: the action.
 * Zero rows: the action has ended.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export async function doubt(
  trx: Transaction<Database>,
  { id, execution_id, why }: { id: string; execution_id: string; why: string },
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET state = 'unknown', error_message = ${why}::text, execution_id = ${execution_id}::uuid
    WHERE id = ${id}::uuid AND state = 'intent'`.execute(trx);
}
