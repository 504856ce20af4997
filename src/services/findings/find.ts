import { quietColumns, ticketColumn } from '../../data/bots/bot-findings.ts';
import type { Db } from '../../database/connect.ts';
import { findingIdOf } from '../references/by-id.ts';
import { findingOfTicket, ticketOf } from '../references/ticket.ts';

/** A ticket where a finding is asked for: digits alone may be the beginning of an id. */
export const isTicket = /^T-?\d+$/i;

/**
 * A finding by its id or the beginning of it, or by the number of its ticket (`T-42`), why people are not told of it, if
 * so, and the ticket that stands for it. Throws NotFoundError, AmbiguousIdError.
 */
export async function findFinding(db: Db, given: string) {
  const id = isTicket.test(given)
    ? (await findingOfTicket(db, await ticketOf(db, given))).id
    : await findingIdOf(db, given);
  return findingWith(db, id);
}

/** The finding of a ticket, which is given as T-42, 42 or id; the same as {@link findFinding} otherwise. */
export const findFindingOfTicket = async (db: Db, ticket: string) =>
  findingWith(db, (await findingOfTicket(db, await ticketOf(db, ticket))).id);

const findingWith = (db: Db, id: string) =>
  db
    .selectFrom('bot_findings')
    .selectAll()
    .select(quietColumns('bot_findings'))
    .select(ticketColumn('bot_findings'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

export type FoundFinding = Awaited<ReturnType<typeof findingWith>>;
