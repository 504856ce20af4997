/**
 * A person approves or rejects a suggestion on a ticket, for the first time or instead of an earlier answer. A run carries
 * out what was approved; the same transaction queues that run: both or neither. The answer is written into the ticket's
 * history, and the ticket itself does not change.
 *
 * From: `open` or `assigned`; a suggestion without an answer, or with the other answer while no heal has used it.
 * To: the same status; the decision `approved`, with a manual run queued, or `rejected`.
 * By: an operator.
 * Locks: the bot (for an approval), the memory of the problem, its open finding, the decision. The transaction in which a
 *   heal begins locks the finding too: so an approval is either used or withdrawn, and never both.
 * Zero rows: another person answered before, or a heal has used the approval: TicketChangedError is thrown.
 */
import type { Transaction } from 'kysely';
import { queueManualRun } from '../runs/queue-manual.ts';
import { TicketChangedError, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { time } from '../../ground/text.ts';
import { answerDecision, type Answer } from '../decisions/answer.ts';
import { noteOnTicket } from './note.ts';

/** What the person says about the suggestion. */
interface PersonsAnswer {
  answer: Answer;
  by: string;
  reason?: string;
}

/** `seen` is the suggestion as the person saw it. Throws {@link TicketChangedError}, and the errors of queueing a manual run. */
export async function answerSuggestion(
  trx: Transaction<Database>,
  ticket: Pick<TicketRow, 'id' | 'bot_id' | 'number' | 'fingerprint'>,
  seen: { id: string; name: string; answer: Answer | null },
  { answer, by, reason }: PersonsAnswer,
) {
  const run = answer === 'approved' ? await queueManualRun(trx, ticket.bot_id!) : null;
  await lockProblem(trx, ticket);
  const decision = await answerDecision(trx, seen, answer, by);
  if (!decision)
    throw new TicketChangedError({
      what: `${seen.name} was not ${answer} on T-${ticket.number}`,
      why: await whyNotAnswered(trx, seen),
      hint: `see \`npx roundsman tickets show T-${ticket.number}\``,
    });
  const detail = { [answer]: seen.name, ...(reason && { reason }), ...(run && { run: run.id }) };
  await noteOnTicket(trx, ticket.id, by, detail);
  return { decision, run };
}

/**
 * Locks the memory of the ticket's problem, and then its open finding, so that no heal of it begins before the answer is
 * committed: the transaction in which a heal begins locks them too, in the same order.
 */
async function lockProblem(
  trx: Transaction<Database>,
  { bot_id, fingerprint }: Pick<TicketRow, 'bot_id' | 'fingerprint'>,
): Promise<void> {
  await trx
    .selectFrom('bot_finding_states')
    .select('fingerprint')
    .where('fingerprint', '=', fingerprint)
    .forNoKeyUpdate()
    .execute();
  await trx
    .selectFrom('bot_findings')
    .select('id')
    .where('bot_id', '=', bot_id)
    .where('fingerprint', '=', fingerprint)
    .where('resolved_at', 'is', null)
    .forNoKeyUpdate()
    .execute();
}

/** What happened to the suggestion since the person saw it, for people. */
async function whyNotAnswered(
  trx: Transaction<Database>,
  seen: { id: string; answer: Answer | null },
): Promise<string> {
  const current = await trx
    .selectFrom('bot_decisions')
    .select(['answer', 'answered_by', 'answered_at'])
    .where('id', '=', seen.id)
    .executeTakeFirst();
  if (!current) return 'the suggestion was deleted meanwhile';
  // No command takes an answer away: another program has written the row.
  if (!current.answer) return 'its answer was withdrawn meanwhile';
  return current.answer === seen.answer
    ? 'a heal has begun with the approval meanwhile'
    : `${current.answered_by ?? 'another person'} ${current.answer} it at ${time(current.answered_at)} UTC, before`;
}
