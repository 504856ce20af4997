import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { assignTicket as assign } from '../../transitions/tickets/assign.ts';
import { authorise, type Actor } from '../actor.ts';
import { pendingTicketOf } from '../references/ticket.ts';
import type { SeenVersion } from './acknowledge.ts';

/** How many characters `bot_tickets.assigned_to` holds. */
const maxNameLetters = 50;

export interface Assigned {
  ticket: TicketRow;
  /** the person who had it before, null when it was open */
  before: string | null;
  /** nothing had to be changed */
  unchanged: boolean;
}

/**
 * The name in a form that a ticket can hold; `me` is the person who assigns it, as in the filters of lists. Throws
 * UsageError; its hint names `ticket`.
 */
export function assigneeOf(who: string, ticket: string, by: string): string {
  const given = who.trim();
  const name = storable(given === 'me' ? by : given);
  const fits = name && [...name].length <= maxNameLetters;
  if (fits && printable(name) === name) return name;
  throw new UsageError({
    what: 'the ticket cannot be assigned',
    why: fits
      ? 'the name holds a character that does not show, or that reorders the text beside it'
      : name
        ? `the name is longer than ${maxNameLetters} characters`
        : 'the name is empty',
    hint: `for example \`npx roundsman tickets assign ${ticket} ann\``,
  });
}

/** Whether an assignment also acknowledges the ticket: its own assignee makes it, and it was not acknowledged before. */
export const alsoAcknowledges = (ticket: TicketRow, who: string, by: string): boolean =>
  who === by && ticket.acknowledged_at === null;

/**
 * Gives a pending ticket to a person; one who takes it for themselves also acknowledges it (`took`). For operators. Throws
 * NotFoundError, UsageError for a name that does not fit, TicketNotPendingError, TicketMergedError, and TicketChangedError when
 * another change came first.
 */
export async function assignTicket(
  { db, actor }: { db: Db; actor: Actor },
  { ticket: given, who, version }: { ticket: string; who: string } & SeenVersion,
): Promise<Assigned & { took: boolean }> {
  authorise(actor, 'assign tickets', 'operator');
  const name = assigneeOf(who, given, actor.name);
  const seen = await pendingTicketOf(db, given, 'assigned', version);
  const took = alsoAcknowledges(seen, name, actor.name);
  const unchanged = seen.assigned_to === name && !took;
  const ticket = unchanged
    ? seen
    : await db.transaction().execute((trx) => assign(trx, seen, name, actor.name));
  return { ticket, before: seen.assigned_to, unchanged, took };
}
