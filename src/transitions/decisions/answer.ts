/**
 * A person answers what the engine suggests.
 *
 * From: `answer` null.
 * To: `approved` or `rejected`.
 * By: an operator (`tickets/answer-suggestion.ts`).
 * Locks: the decision; for an approval the transaction also holds the bot.
 * Zero rows: another person answered before: undefined is returned.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export const answerDecision = (
  trx: Transaction<Database>,
  id: string,
  answer: 'approved' | 'rejected',
  answered_by: string,
) =>
  trx
    .updateTable('bot_decisions')
    .set({ answer, answered_by, answered_at: sql<Date>`engine.now()` })
    .where('id', '=', id)
    .where('answer', 'is', null)
    .returningAll()
    .executeTakeFirst();
