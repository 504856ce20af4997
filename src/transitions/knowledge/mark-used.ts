/**
 * An entry was applied. Its own figures are counted by the ledger itself (engine.count_outcomes), whoever writes it.
 *
 * From: any state of the entry.
 * To: the same, `last_used_at` now.
 * By: the process that applied a step, in the transaction that writes `applied`.
 * Locks: the entry, after the action.
 * Zero rows: the entry is gone.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export async function markUsed(trx: Transaction<Database>, id: string | null): Promise<void> {
  if (id === null) return;
  await trx
    .updateTable('bot_knowledge')
    .set({ last_used_at: sql<Date>`engine.now()` })
    .where('id', '=', id)
    .execute();
}
