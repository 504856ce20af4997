import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { resolveTicket as end, type Cure } from '../../transitions/tickets/resolve.ts';
import { authorise, type Actor } from '../actor.ts';
import { knowledgeOf } from '../references/named.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import { saidOf } from './said.ts';

/** A ticket that can be resolved, and the entry that helped, where one is named. */
export interface Resolvable {
  ticket: TicketRow;
  cure: Cure | undefined;
}

/**
 * The current row of a ticket that is to be resolved. `with` names the entry that helped, or is `none` if no known
 * entry would have helped. Throws NotFoundError, and TicketOverError, TicketMergedError.
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
 * Ends a pending ticket and records what was done; its finding resolves at the next clean check. For operators.
 * Throws UsageError for notes that are too long, TicketChangedError when another change came first.
 */
export async function resolveTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket, cure, notes }: Resolvable & { notes: string },
): Promise<TicketRow> {
  authorise(actor, 'resolve tickets', 'operator');
  const said = saidOf(notes, `T-${ticket.number} was not resolved`);
  return db.transaction().execute((trx) => end(trx, ticket, said, storable(actor.name), cure));
}
