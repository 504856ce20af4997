import { sql, type Transaction } from 'kysely';
import type { Database } from '../data/connect.ts';

/**
 * The cache of outcomes on the entry, kept in the transaction that writes the outcome. `times_applied`
 * counts heals that reached applied; whether they held is known only after the hold window.
 */
export async function countApplied(
  trx: Transaction<Database>,
  knowledgeId: string | null,
): Promise<void> {
  if (knowledgeId === null) return;
  await trx
    .updateTable('bot_knowledge')
    .set({
      times_applied: sql<number>`coalesce(times_applied, 0) + 1`,
      last_used_at: sql<Date>`engine.now()`,
    })
    .where('id', '=', knowledgeId)
    .execute();
}
