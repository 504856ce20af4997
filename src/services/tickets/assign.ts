import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { assignTicket as give } from '../../transitions/tickets/assign.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';

/** Characters that bot_tickets.assigned_to holds. */
const longestName = 50;

export interface Assigned {
  ticket: TicketRow;
  /** the person who had it before, null when it was open */
  before: string | null;
  /** the ticket was already theirs, and nothing was changed */
  same: boolean;
}

/**
 * The name in a form that a ticket can hold; `me` is whoever assigns it, as where lists ask for a person. Throws
 * UsageError; its hint names `ticket`.
 */
export function assigneeOf(who: string, ticket: string, by: string): string {
  const given = who.trim();
  const name = storable(given === 'me' ? by : given);
  const fits = name && [...name].length <= longestName;
  if (fits && printable(name) === name) return name;
  throw new UsageError({
    what: 'the ticket cannot be assigned',
    why: fits
      ? 'the name holds a character that does not show, or that reorders the text beside it'
      : name
        ? `the name is longer than ${longestName} characters`
        : 'the name is empty',
    hint: `npx roundsman tickets assign ${ticket} ann`,
  });
}

/** Whether a person who gives a ticket to `who` says by that that they look after it: it has to be written. */
export const takes = (ticket: TicketRow, who: string, by: string): boolean =>
  who === by && ticket.acknowledged_at === null;

/**
 * Gives a pending ticket to a person; who takes it acknowledges it by that (`took`). For operators. Throws NotFoundError,
 * UsageError for a name that does not fit, TicketOverError, TicketMergedError, and TicketChangedError when another change came
 * first.
 */
export async function assignTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, who }: { ticket: string; who: string },
): Promise<Assigned & { took: boolean }> {
  authorise(actor, 'assign tickets', 'operator');
  const name = assigneeOf(who, given, actor.name);
  const seen = await pendingTicketOf(db, given, 'assigned');
  const took = takes(seen, name, actor.name);
  const same = seen.assigned_to === name && !took;
  const ticket = same
    ? seen
    : await db.transaction().execute((trx) => give(trx, seen, name, actor.name));
  return { ticket, before: seen.assigned_to, same, took };
}
