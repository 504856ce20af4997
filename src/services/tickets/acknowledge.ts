import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { acknowledgeTicket as acknowledge } from '../../transitions/tickets/acknowledge.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';

/**
 * The version of a ticket that a person has seen. If the ticket has another one by now, TicketChangedError is thrown before
 * anything else is checked.
 */
export interface SeenVersion {
  version?: number | undefined;
}

/** `unchanged`: it was acknowledged already, and nothing was changed. */
export interface ChangedTicket {
  ticket: TicketRow;
  unchanged: boolean;
}

/**
 * Says that a person looks after a pending ticket, which stops its response target. For operators. Throws
 * NotFoundError, TicketNotPendingError, TicketMergedError, and TicketChangedError when another change came first.
 */
export async function acknowledgeTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, version }: { ticket: string } & SeenVersion,
): Promise<ChangedTicket> {
  authorise(actor, 'acknowledge tickets', 'operator');
  const seen = await pendingTicketOf(db, given, 'acknowledged', version);
  if (seen.acknowledged_at) return { ticket: seen, unchanged: true };
  const by = storable(actor.name);
  const ticket = await db.transaction().execute((trx) => acknowledge(trx, seen, by));
  return { ticket, unchanged: false };
}
