import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import {
  resolveTicket as resolve,
  type Cure,
  type ResolvedByPerson,
} from '../../transitions/tickets/resolve.ts';
import { authorise, type Actor } from '../actor.ts';
import { knowledgeOf } from '../references/named.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import { storableText } from './ticket-text.ts';

/** A ticket that can be resolved, and the entry that helped if one is named. */
export interface Resolvable {
  ticket: TicketRow;
  cure: Cure | undefined;
}

/**
 * The current row of a ticket that a person wants to resolve. `with` names the entry that helped, or is `none` if no entry would
 * have helped. Throws NotFoundError, TicketNotPendingError, TicketMergedError.
 */
export async function findResolvable(
  db: Db,
  { ticket: given, with: named }: { ticket: string; with?: string | undefined },
): Promise<Resolvable> {
  const ticket = await pendingTicketOf(db, given, 'resolved');
  if (named === undefined) return { ticket, cure: undefined };
  return { ticket, cure: { knowledge: named === 'none' ? null : await knowledgeOf(db, named) } };
}

/**
 * Ends a pending ticket and records what was done; its finding resolves when a check sees that it is gone. For operators.
 * Throws UsageError for notes that are too long, TicketChangedError when another change came first.
 */
export async function resolveTicket(
  { db, actor }: { db: Db; actor: Actor },
  {
    ticket,
    cure,
    notes,
    refuseIfChanged = false,
  }: Resolvable & {
    notes: string;
    /** whether to throw if the ticket has changed since it was read; otherwise it is resolved all the same */
    refuseIfChanged?: boolean;
  },
): Promise<ResolvedByPerson> {
  authorise(actor, 'resolve tickets', 'operator');
  const said = storableText(notes, `T-${ticket.number} was not resolved`);
  return db
    .transaction()
    .execute((trx) => resolve(trx, ticket, said, storable(actor.name), cure, { refuseIfChanged }));
}
