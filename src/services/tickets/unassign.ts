import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { unassignTicket as take } from '../../transitions/tickets/unassign.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import type { Assigned } from './assign.ts';

/**
 * Takes a pending ticket from the person who has it. For operators. Throws NotFoundError, TicketOverError, TicketMergedError, and
 * TicketChangedError when another change came first.
 */
export async function unassignTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given }: { ticket: string },
): Promise<Assigned> {
  authorise(actor, 'unassign tickets', 'operator');
  const seen = await pendingTicketOf(db, given, 'unassigned');
  const same = seen.assigned_to === null;
  const by = storable(actor.name);
  const ticket = same ? seen : await db.transaction().execute((trx) => take(trx, seen, by));
  return { ticket, before: seen.assigned_to, same };
}
