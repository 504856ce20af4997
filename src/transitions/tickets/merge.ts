/**
 * A person says that tickets have one cause: one of them, the survivor, stands for all. The others keep their status (a
 * problem without a pending ticket would get another ticket), are left out of lists, and end with the survivor. Tickets that
 * were merged into one of them are merged into the survivor from now on: no ticket is merged into a merged one.
 *
 * From: `open` or `assigned`, not merged, at the versions that were read; the survivor too.
 * To: the same status with `merged_into`, and an event on each ticket and on the survivor.
 * By: an operator.
 * Locks: the bots of all of them by id, then the tickets by id.
 * Zero rows: another change came first: TicketChangedError is thrown, and none is merged.
 */
import { sql, type Transaction } from 'kysely';
import { ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { lockBotsOf, lockTickets, mergedIntoLocked } from '../../data/bots/merged-tickets.ts';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

/** Returns the merged tickets, those that were moved with them, and the latter as they were before. */
export async function mergeTickets(
  trx: Transaction<Database>,
  tickets: TicketRow[],
  survivor: TicketRow,
  actor: string,
): Promise<{ merged: TicketRow[]; moved: TicketRow[]; mergedBefore: TicketRow[] }> {
  const ids = [survivor, ...tickets].map(({ id }) => id);
  const bots = await lockBotsOf(trx, ids);
  const mergedBefore = [];
  for (const seen of tickets) mergedBefore.push(await mergedIntoLocked(trx, seen, bots, 'merged'));
  await lockTickets(trx, [...ids, ...mergedBefore.flat().map(({ id }) => id)]);
  const merged: TicketRow[] = [];
  const moved: TicketRow[] = [];
  for (const seen of tickets) {
    const rows = await mergeInto(trx, seen, survivor);
    const ticket = rows.find(({ id }) => id === seen.id);
    if (!ticket) throw await notMergedError(trx, seen, survivor);
    merged.push(ticket);
    await writeMerged(trx, ticket, survivor, actor);
    for (const row of rows.filter(({ id }) => id !== seen.id)) {
      moved.push(row);
      await writeMerged(trx, row, survivor, actor, seen);
    }
  }
  return { merged, moved, mergedBefore: mergedBefore.flat() };
}

/**
 * Merges the ticket, and what is merged into it, into the survivor. Returns all of these; none if the ticket or the survivor has
 * changed.
 */
async function mergeInto(
  trx: Transaction<Database>,
  seen: TicketRow,
  survivor: TicketRow,
): Promise<TicketRow[]> {
  const { rows } = await sql<TicketRow>`
    UPDATE bot_tickets t SET merged_into = ${survivor.id}::uuid
    WHERE ${isPending('t')} AND (t.id = ${seen.id}::uuid OR t.merged_into = ${seen.id}::uuid)
      AND EXISTS (SELECT FROM bot_tickets o
                  WHERE o.id = ${seen.id}::uuid AND o.version = ${seen.version}::int AND o.merged_into IS NULL)
      AND EXISTS (SELECT FROM bot_tickets s
                  WHERE s.id = ${survivor.id}::uuid AND s.version = ${survivor.version}::int
                    AND s.merged_into IS NULL AND ${isPending('s')})
    RETURNING t.*`.execute(trx);
  return rows;
}

/** Says which of the two tickets has changed. */
async function notMergedError(trx: Transaction<Database>, seen: TicketRow, survivor: TicketRow) {
  const { version } = await trx
    .selectFrom('bot_tickets')
    .select('version')
    .where('id', '=', seen.id)
    .executeTakeFirstOrThrow();
  return version === seen.version
    ? ticketChanged(trx, survivor, `merged with T-${seen.number}`)
    : ticketChanged(trx, seen, `merged into T-${survivor.number}`);
}

/** Writes the events of both tickets, of which one is merged into the other. `before`: the ticket into which this one had been merged. */
export async function writeMerged(
  trx: Transaction<Database>,
  { id, number }: TicketRow,
  survivor: TicketRow,
  actor: string,
  before?: Pick<TicketRow, 'number'>,
): Promise<void> {
  const earlier = before && { before: `T-${before.number}` };
  await writeEvent(trx, id, 'merged', actor, { into: `T-${survivor.number}`, ...earlier });
  await writeEvent(trx, survivor.id, 'merged', actor, { ticket: `T-${number}`, ...earlier });
}
