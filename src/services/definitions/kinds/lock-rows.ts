import { sql, type Transaction } from 'kysely';
import type { Database } from '../../../database/connect.ts';

/** Locks rows of one table by id, so that no other session changes them until the end of the transaction. */
export async function lockRows(
  trx: Transaction<Database>,
  table: 'bots' | 'bot_knowledge' | 'bot_silences',
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await sql`SELECT FROM ${sql.table(table)} WHERE id = ANY (${ids}::uuid[])
            -- Locks the rows by id.
            ORDER BY id FOR NO KEY UPDATE`.execute(trx);
}
