import { pending } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { closeTicket as close } from '../../transitions/tickets/close.ts';
import { authorise, type Actor } from '../actor.ts';
import { ticketOf } from '../references/ticket.ts';
import type { ChangedTicket } from './acknowledge.ts';

/** The ticket is pending: it has to be resolved first. */
export class NotClosedError extends RoundsmanError {}

/**
 * Ends a resolved ticket for good, and those that were merged into it and ended with it. The job `close-tickets` does the same a
 * day later. For operators. Throws NotFoundError, {@link NotClosedError}, and TicketChangedError when another change came first.
 */
export async function closeTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given }: { ticket: string },
): Promise<ChangedTicket> {
  authorise(actor, 'close tickets', 'operator');
  const seen = await ticketOf(db, given);
  if (seen.status === 'closed') return { ticket: seen, unchanged: true };
  if (pending.includes(seen.status))
    throw new NotClosedError({
      what: `T-${seen.number} was not closed`,
      why: `it is ${seen.status}, and only a resolved ticket can be closed`,
      hint: `\`npx roundsman tickets resolve T-${seen.number} --notes "..."\` first`,
    });
  const by = storable(actor.name);
  const ticket = await db.transaction().execute((trx) => close(trx, seen, by));
  return { ticket, unchanged: false };
}
