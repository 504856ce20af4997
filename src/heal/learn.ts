import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/connect.ts';
import type { Action } from './heal-context.ts';

/** The entry's own figures are counted by the ledger itself (engine.count_outcomes), whoever writes it. */
export async function markUsed(
  trx: Transaction<Database>,
  { knowledge_id }: Action,
): Promise<void> {
  if (knowledge_id === null) return;
  await trx
    .updateTable('bot_knowledge')
    .set({ last_used_at: sql<Date>`engine.now()` })
    .where('id', '=', knowledge_id)
    .execute();
}
