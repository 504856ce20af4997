/**
 * A person answers a suggestion of the engine, or gives another answer: the last one counts as long as no heal has used it.
 *
 * From: `answer` null, or the other answer, as the person saw it; an approval only while no heal has used it.
 * To: `approved` or `rejected`.
 * By: an operator (`tickets/answer-suggestion.ts`).
 * Locks: the decision; the transaction holds the memory and the finding of its problem, so that no heal begins meanwhile.
 *   For an approval it also holds the bot.
 * Zero rows: another person answered meanwhile, or a heal has used the approval: undefined is returned.
 */
import { sql, type Transaction } from 'kysely';
import { approvalUsed } from '../../data/bots/bot-decisions.ts';
import type { Database } from '../../database/connect.ts';

/** What a person may answer. */
export type Answer = 'approved' | 'rejected';

export const answerDecision = (
  trx: Transaction<Database>,
  { id, answer: seen }: { id: string; answer: Answer | null },
  answer: Answer,
  answered_by: string,
) =>
  trx
    .updateTable('bot_decisions as d')
    .set({ answer, answered_by, answered_at: sql<Date>`engine.now()` })
    .where('d.id', '=', id)
    .where('d.answer', 'is not distinct from', seen)
    .where(({ not }) => not(approvalUsed('d')))
    .returningAll('d')
    .executeTakeFirst();
