import { sql, type Transaction } from 'kysely';
import type { Database } from '../data/connect.ts';
import type { Action } from './patient.ts';

/**
 * The cache of outcomes on the entry, kept in the transaction that writes the outcome. `times_applied`
 * counts heals that reached applied, so only a heal's first applied step counts; whether they held is
 * known only after the hold window.
 */
export async function countApplied(
  trx: Transaction<Database>,
  { id, heal_id, knowledge_id }: Action,
): Promise<void> {
  if (knowledge_id === null) return;
  await trx
    .updateTable('bot_knowledge')
    .set({
      times_applied: sql<number>`coalesce(times_applied, 0) + (NOT EXISTS (
        SELECT FROM bot_actions WHERE heal_id = ${heal_id}::uuid AND applied_at IS NOT NULL AND id <> ${id}::uuid))::int`,
      last_used_at: sql<Date>`engine.now()`,
    })
    .where('id', '=', knowledge_id)
    .execute();
}
