import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { acknowledgeTicket as acknowledge } from '../../transitions/tickets/acknowledge.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';

/** `same`: it was acknowledged already, and nothing was changed. */
export interface Changed {
  ticket: TicketRow;
  same: boolean;
}

/**
 * Says that a person looks after a pending ticket, which stops its response target. For operators. Throws
 * NotFoundError, TicketOverError, TicketMergedError, and TicketChangedError when another change came first.
 */
export async function acknowledgeTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given }: { ticket: string },
): Promise<Changed> {
  authorise(actor, 'acknowledge tickets', 'operator');
  const seen = await pendingTicketOf(db, given, 'acknowledged');
  if (seen.acknowledged_at) return { ticket: seen, same: true };
  const by = storable(actor.name);
  const ticket = await db.transaction().execute((trx) => acknowledge(trx, seen, by));
  return { ticket, same: false };
}
