import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { severityRank } from '../../ground/severity.ts';
import { storable } from '../../ground/text.ts';
import { mergeTickets as merge } from '../../transitions/tickets/merge.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import type { SeenVersion } from './acknowledge.ts';

/** The tickets cannot become one: they are the same, one stands for a storm, or the survivor is less severe. */
export class NotMergeableError extends RoundsmanError {}

/** How many tickets are merged at once. */
const maxAtOnce = 100;

export interface Merged {
  survivor: TicketRow;
  merged: TicketRow[];
  /** the tickets that had been merged into `merged` before */
  moved: TicketRow[];
  /** these as they were before they were moved */
  mergedBefore: TicketRow[];
}

/**
 * Says that tickets have one cause: the survivor stands for all of them. All are merged or none. A `version` is checked for each
 * of them, except the survivor. For operators. Throws NotFoundError, TicketNotPendingError, TicketMergedError, {@link
 * NotMergeableError}, and TicketChangedError when another change of one of them came first.
 */
export async function mergeTickets(
  { db, actor }: { db: Db; actor: Actor },
  { tickets: given, into, version }: { tickets: string[]; into: string } & SeenVersion,
): Promise<Merged> {
  authorise(actor, 'merge tickets', 'operator');
  const survivor = await pendingTicketOf(db, into, 'the survivor');
  const seen = new Map<string, TicketRow>();
  for (const each of given) {
    const ticket = await pendingTicketOf(db, each, 'merged', version);
    seen.set(ticket.id, ticket);
  }
  const tickets = [...seen.values()];
  requireMergeable(tickets, survivor);
  const by = storable(actor.name);
  const outcome = await db.transaction().execute((trx) => merge(trx, tickets, survivor, by));
  return { survivor, ...outcome };
}

function requireMergeable(tickets: TicketRow[], survivor: TicketRow): void {
  const into = `T-${survivor.number}`;
  const refusal = (what: string, why: string, hint: string) =>
    new NotMergeableError({ what: `${what} cannot be merged into ${into}`, why, hint });
  if (tickets.length > maxAtOnce)
    throw refusal(
      `${tickets.length} tickets`,
      `at most ${maxAtOnce} can be merged at once`,
      'merge fewer at once',
    );
  for (const ticket of tickets) {
    const what = `T-${ticket.number}`;
    if (ticket.id === survivor.id)
      throw refusal(what, 'they are the same ticket', 'name another one after --into');
    const storm = [ticket, survivor].find(isStorm);
    if (storm)
      throw refusal(
        what,
        `T-${storm.number} stands for a storm, which begins and ends by itself`,
        `merge the tickets of single problems; or \`npx roundsman tickets comment ${what}\` says what belongs together`,
      );
    if (severityRank(ticket.severity) < severityRank(survivor.severity))
      throw refusal(
        what,
        `it is ${ticket.severity} and ${into} is ${survivor.severity}: the survivor has to be as severe as the tickets for which it stands`,
        `\`npx roundsman tickets merge ${into} --into ${what}\`; or say how severe ${into} is: \`npx roundsman tickets severity ${into} ${ticket.severity} --reason "..."\``,
      );
  }
}
