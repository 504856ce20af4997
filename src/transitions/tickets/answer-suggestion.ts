/**
 * A person answers a suggestion on a ticket, or answers it anew. An approved suggestion is carried out by a run, which is
 * queued with the answer: both or neither. The answer is written into the ticket's history, and the ticket stays as it is.
 *
 * From: `open` or `assigned`; a suggestion without an answer, or with the other one that no heal has used.
 * To: the same status; the decision `approved`, with a manual run queued, or `rejected`.
 * By: an operator.
 * Locks: the bot (for an approval), the memory of the problem, its open finding, the decision. Who begins a heal holds the
 *   finding, too: so an approval is either used or withdrawn, and never both.
 * Zero rows: another person answered before, or a heal has used the approval: TicketChangedError is thrown.
 */
import type { Transaction } from 'kysely';
import { queueManualRun } from '../runs/queue-manual.ts';
import { TicketChangedError, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { time } from '../../ground/text.ts';
import { answerDecision, type Answer } from '../decisions/answer.ts';
import { noteOnTicket } from './note.ts';

interface Answered {
  answer: Answer;
  by: string;
  reason?: string;
}

/** `seen` is the suggestion as the person saw it. Throws {@link TicketChangedError}, and the errors of queueing a manual run. */
export async function answerSuggestion(
  trx: Transaction<Database>,
  ticket: Pick<TicketRow, 'id' | 'bot_id' | 'number' | 'fingerprint'>,
  seen: { id: string; name: string; answer: Answer | null },
  { answer, by, reason }: Answered,
) {
  const run = answer === 'approved' ? await queueManualRun(trx, ticket.bot_id!) : null;
  await holdProblem(trx, ticket);
  const decision = await answerDecision(trx, seen, answer, by);
  if (!decision)
    throw new TicketChangedError({
      what: `${seen.name} was not ${answer} on T-${ticket.number}`,
      why: await whoWasFaster(trx, seen),
      hint: `see \`npx roundsman tickets show T-${ticket.number}\``,
    });
  const detail = { [answer]: seen.name, ...(reason && { reason }), ...(run && { run: run.id }) };
  await noteOnTicket(trx, ticket.id, by, detail);
  return { decision, run };
}

/** Who begins a heal locks the finding, and before it the memory where it does not record clean results yet. */
async function holdProblem(
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

/** What happened to the suggestion since the person saw it. */
async function whoWasFaster(
  trx: Transaction<Database>,
  seen: { id: string; answer: Answer | null },
): Promise<string> {
  const now = await trx
    .selectFrom('bot_decisions')
    .select(['answer', 'answered_by', 'answered_at'])
    .where('id', '=', seen.id)
    .executeTakeFirst();
  if (!now?.answer) return 'the suggestion has changed meanwhile';
  return now.answer === seen.answer
    ? 'a heal has begun with the approval meanwhile'
    : `${now.answered_by ?? 'another person'} ${now.answer} it at ${time(now.answered_at)} UTC, before`;
}
