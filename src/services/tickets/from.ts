import { setTicketsFrom, ticketsFrom, type TicketSeverity } from '../../data/bots/tickets-from.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';

export type { TicketSeverity } from '../../data/bots/tickets-from.ts';

/** From which severity on a finding gets a ticket when nothing that is known acts on it. */
export const showTicketsFrom = (db: Db): Promise<TicketSeverity> => ticketsFrom(db);

/** Sets it and returns the one before. For owners and admins. */
export async function changeTicketsFrom(
  { db, actor }: { db: Db; actor: Actor },
  { severity }: { severity: TicketSeverity },
): Promise<TicketSeverity> {
  authorise(actor, 'change which findings get a ticket', 'admin');
  const before = await ticketsFrom(db);
  await setTicketsFrom(db, severity, storable(actor.name));
  return before;
}
