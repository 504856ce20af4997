import { whyNotToldColumns, ticketColumn } from '../../data/bots/bot-findings.ts';
import type { Db } from '../../database/connect.ts';
import { findingIdOf } from '../references/by-id.ts';
import { findingOfTicket, ticketNumber, ticketOf } from '../references/ticket.ts';

/**
 * A finding by its id or the beginning of it, or by the number of its ticket (`T-42`), with the ticket that stands for it, and
 * why people are not told of it if they are not. Throws NotFoundError, AmbiguousIdError.
 */
export async function findFinding(db: Db, given: string) {
  const id = ticketNumber.test(given)
    ? (await findingOfTicket(db, await ticketOf(db, given))).id
    : await findingIdOf(db, given);
  return findingWith(db, id);
}

/** The finding of a ticket, which is given as T-42, 42 or its id; returns the same as {@link findFinding}. */
export const findFindingOfTicket = async (db: Db, ticket: string) =>
  findingWith(db, (await findingOfTicket(db, await ticketOf(db, ticket))).id);

const findingWith = (db: Db, id: string) =>
  db
    .selectFrom('bot_findings')
    .selectAll()
    .select(whyNotToldColumns('bot_findings'))
    .select(ticketColumn('bot_findings'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

export type FoundFinding = Awaited<ReturnType<typeof findingWith>>;
