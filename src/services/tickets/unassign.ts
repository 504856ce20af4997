import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { unassignTicket as unassign } from '../../transitions/tickets/unassign.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import type { SeenVersion } from './acknowledge.ts';
import type { Assigned } from './assign.ts';

/**
 * Takes a pending ticket from the person who has it. For operators. Throws NotFoundError, TicketNotPendingError, TicketMergedError,
 * and TicketChangedError when another change came first.
 */
export async function unassignTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, version }: { ticket: string } & SeenVersion,
): Promise<Assigned> {
  authorise(actor, 'unassign tickets', 'operator');
  const seen = await pendingTicketOf(db, given, 'unassigned', version);
  const unchanged = seen.assigned_to === null;
  const by = storable(actor.name);
  const ticket = unchanged
    ? seen
    : await db.transaction().execute((trx) => unassign(trx, seen, by));
  return { ticket, before: seen.assigned_to, unchanged };
}
