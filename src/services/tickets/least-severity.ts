import {
  writeLeastTicketSeverity,
  leastTicketSeverity,
  type TicketSeverity,
} from '../../data/bots/least-ticket-severity.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';

export type { TicketSeverity } from '../../data/bots/least-ticket-severity.ts';

/** The lowest severity at which a finding gets a ticket if no entry of knowledge acts on it. */
export const showLeastTicketSeverity = (db: Db): Promise<TicketSeverity> => leastTicketSeverity(db);

/** Sets this severity and returns the one before. For owners and admins. */
export async function setLeastTicketSeverity(
  { db, actor }: { db: Db; actor: Actor },
  { severity }: { severity: TicketSeverity },
): Promise<TicketSeverity> {
  authorise(actor, 'change which findings get a ticket', 'admin');
  const before = await leastTicketSeverity(db);
  await changing({ db, actor }, (trx) =>
    writeLeastTicketSeverity(trx, severity, storable(actor.name)),
  );
  return before;
}
