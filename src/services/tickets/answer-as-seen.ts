/** Answers a suggestion that a person sees on a ticket, and takes an answer back. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { suggestionsOn, type Suggestion } from '../../data/bots/bot-decisions.ts';
import { stepsOfHeal } from '../../data/bots/bot-actions.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { findUndoable, undoAction } from '../actions/undo.ts';
import { authorise, type Actor } from '../actor.ts';
import { openOrFirstFinding, pendingOrMergedTicketOf } from '../references/ticket.ts';
import { answerTicket, findAnswerable, type Answer } from './answer.ts';

interface Context {
  db: Db;
  actor: Actor;
  catalogue: () => Promise<Catalogue>;
}

/** A suggestion as a person saw it on a ticket. */
interface SeenSuggestion {
  ticket: TicketRow;
  suggestion: Suggestion;
}

/**
 * Answers a suggestion as it was seen. `closedGates` says which gates still prevent that it is applied; null if none does.
 * For operators. Throws TicketChangedError if the ticket or the answer has changed since, and the errors of `findAnswerable`.
 */
export async function answerAsSeen(
  { db, actor, catalogue }: Context,
  { ticket, suggestion, answer }: SeenSuggestion & { answer: Answer },
) {
  authorise(actor, 'answer suggestions', 'operator');
  await pendingOrMergedTicketOf(db, ticket.id, answer, ticket.version);
  const wanted = { ticket: ticket.id, knowledge: suggestion.name, answer };
  const { closedGates } = await findAnswerable({ db, catalogue }, wanted);
  const answered = await answerTicket({ db, actor }, { ticket, suggestion, answer });
  return { ...answered, closedGates };
}

/**
 * Takes an approval back. `withdrawn`: no heal had used it. `asked`: a heal had used it, and a run is to undo what the heal did.
 * For operators. Throws CannotUndoError, and the errors of `findAnswerable` if there is nothing to take back any more.
 */
export async function takeBackApproval(
  { db, actor, catalogue }: Context,
  { ticket, suggestion: { name } }: SeenSuggestion,
): Promise<'withdrawn' | 'asked'> {
  authorise(actor, 'answer suggestions', 'operator');
  const finding = await openOrFirstFinding(db, ticket);
  const all = finding ? await suggestionsOn(db, finding.id) : [];
  const used = all.find((each) => each.name === name)?.used;
  if (!used) {
    const wanted = { ticket: ticket.id, knowledge: name, answer: 'rejected' } as const;
    const { suggestion } = await findAnswerable({ db, catalogue }, wanted);
    await answerTicket({ db, actor }, { ticket, suggestion, answer: 'rejected' });
    return 'withdrawn';
  }
  const last = (await stepsOfHeal(db, used.heal_id)).at(-1)!;
  const { action } = await findUndoable({ db, catalogue }, { action: last.id });
  await undoAction({ db, actor }, { action });
  return 'asked';
}
