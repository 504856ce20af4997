import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { severityRank } from '../../ground/severity.ts';
import { storable } from '../../ground/text.ts';
import { mergeTickets as merge } from '../../transitions/tickets/merge.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';

/** The tickets cannot become one: they are the same, one stands for a storm, or the survivor is less severe. */
export class NotMergeableError extends RoundsmanError {}

/** The most tickets that are merged at once. */
const most = 100;

export interface Merged {
  survivor: TicketRow;
  merged: TicketRow[];
  /** what had been merged into those before */
  moved: TicketRow[];
}

/**
 * Says that tickets have one cause: the survivor stands for all of them. All are merged or none. For operators. Throws
 * NotFoundError, TicketOverError, TicketMergedError, {@link NotMergeableError}, and TicketChangedError when another change
 * of one of them came first.
 */
export async function mergeTickets(
  { db, actor }: { db: Db; actor: Actor },
  { tickets: given, into }: { tickets: string[]; into: string },
): Promise<Merged> {
  authorise(actor, 'merge tickets', 'operator');
  const survivor = await pendingTicketOf(db, into, 'the survivor');
  const seen = new Map<string, TicketRow>();
  for (const each of given) {
    const ticket = await pendingTicketOf(db, each, 'merged');
    seen.set(ticket.id, ticket);
  }
  const tickets = [...seen.values()];
  refuse(tickets, survivor);
  const by = storable(actor.name);
  const done = await db.transaction().execute((trx) => merge(trx, tickets, survivor, by));
  return { survivor, ...done };
}

function refuse(tickets: TicketRow[], survivor: TicketRow): void {
  const into = `T-${survivor.number}`;
  const no = (what: string, why: string, hint: string) =>
    new NotMergeableError({ what: `${what} cannot be merged into ${into}`, why, hint });
  if (tickets.length > most)
    throw no(`${tickets.length} tickets`, `${most} at once is the most`, 'merge fewer at once');
  for (const ticket of tickets) {
    const what = `T-${ticket.number}`;
    if (ticket.id === survivor.id)
      throw no(what, 'they are the same ticket', `name another one behind --into`);
    const storm = [ticket, survivor].find(isStorm);
    if (storm)
      throw no(
        what,
        `T-${storm.number} stands for a storm, which begins and ends by itself`,
        `merge the tickets of single problems; or \`npx roundsman tickets comment ${what}\` says what belongs together`,
      );
    if (severityRank(ticket.severity) < severityRank(survivor.severity))
      throw no(
        what,
        `it is ${ticket.severity} and ${into} is ${survivor.severity}: what stands for both has to be as severe`,
        `\`npx roundsman tickets merge ${into} --into ${what}\`; or say how severe ${into} is: \`npx roundsman tickets severity ${into} ${ticket.severity} --reason "..."\``,
      );
  }
}
