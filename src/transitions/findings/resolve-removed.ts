/**
 * Resolves the findings of removed bots: a person has decided that no check looks at them any more.
 *
 * From: open (`resolved_at` null), of a removed bot.
 * To: resolved, with the method `manual`.
 * By: the callers of `bots/close-removed.ts`.
 * Locks: findings; the transaction holds their bots and memories.
 * Zero rows: none is open.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** Returns how many were resolved. */
export async function resolveRemovedFindings(
  trx: Transaction<Database>,
  bots: string[],
): Promise<number> {
  const { rows } = await sql`
    UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'manual'
    WHERE bot_id = ANY (${bots}::uuid[]) AND resolved_at IS NULL
    RETURNING id`.execute(trx);
  return rows.length;
}
