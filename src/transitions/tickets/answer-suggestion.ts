/**
 * A person answers a suggestion on a ticket. An approved suggestion is carried out by a run, which is queued with the
 * answer: both or neither. The answer is written into the ticket's history, and the ticket stays as it is.
 *
 * From: `open` or `assigned`, a suggestion without an answer.
 * To: the same status; the decision `approved`, with a manual run queued, or `rejected`.
 * By: an operator.
 * Locks: the bot (for an approval), the decision.
 * Zero rows: another person answered before: TicketChangedError is thrown.
 */
import type { Transaction } from 'kysely';
import { queueManualRun } from '../runs/queue-manual.ts';
import { TicketChangedError, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { answerDecision } from '../decisions/answer.ts';
import { noteOnTicket } from './note.ts';

interface Answered {
  answer: 'approved' | 'rejected';
  by: string;
  reason?: string;
}

/** Throws {@link TicketChangedError}, and the errors of queueing a manual run. */
export async function answerSuggestion(
  trx: Transaction<Database>,
  ticket: Pick<TicketRow, 'id' | 'bot_id' | 'number'>,
  { id, name }: { id: string; name: string },
  { answer, by, reason }: Answered,
) {
  const run = answer === 'approved' ? await queueManualRun(trx, ticket.bot_id!) : null;
  const decision = await answerDecision(trx, id, answer, by);
  if (!decision)
    throw new TicketChangedError({
      what: `${name} was not ${answer} on T-${ticket.number}`,
      why: 'another person answered before',
      hint: `see \`npx roundsman tickets show T-${ticket.number}\``,
    });
  const detail = { [answer]: name, ...(reason && { reason }), ...(run && { run: run.id }) };
  await noteOnTicket(trx, ticket.id, by, detail);
  return { decision, run };
}
