/**
 * A merged ticket stands for itself again, because a person says so, or because people would not learn of it otherwise: it is
 * more severe than its survivor (whichever of the two changed), or its survivor has ended without it, or the survivor's bot is
 * removed. A response target that passed meanwhile is set anew, unless the ticket is acknowledged. With `moved`, a person undoes
 * their own merge: the target stays what it was, and the tickets that the merge moved with it are merged into it again.
 *
 * From: `open` or `assigned`, merged; for a person at the version that was read.
 * To: the same status, without `merged_into`, and an event on both tickets.
 * By: an operator; the timer that concludes outcomes; an admin who removes the survivor's bot.
 * Locks: the ticket; to undo a merge, before it the bots of all tickets of that merge by id, then these tickets by id. The timer
 *   locks tickets as they come, and skips those that other transactions hold.
 * Zero rows: another change came first: TicketChangedError is thrown. Of the timer: no ticket has to be unmerged.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { rises } from '../../data/bots/bot-findings.ts';
import { ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { lockBotsOf, lockTickets } from '../../data/bots/merged-tickets.ts';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Database, Db } from '../../database/connect.ts';
import { writeMerged } from './merge.ts';
import { writeEvent } from './write-event.ts';

/** The ticket that stands for itself again. `merged`: the tickets that an undone merge had moved, and that are merged into it again. */
export type UnmergedTicket = TicketRow & { merged: TicketRow[] };

const unmergedColumns = sql`merged_into = NULL,
        respond_by = CASE WHEN t.acknowledged_at IS NULL AND t.respond_by < engine.now()
                     THEN engine.now() + engine.respond_within(t.severity) ELSE t.respond_by END`;

export async function unmergeTicket(
  trx: Transaction<Database>,
  seen: TicketRow,
  survivor: Pick<TicketRow, 'id' | 'number'>,
  actor: string,
  moved?: readonly TicketRow[],
): Promise<UnmergedTicket> {
  const ids = moved?.map(({ id }) => id);
  if (ids) {
    // Only who holds the bot of a survivor merges a ticket into it.
    await lockBotsOf(trx, [seen.id, ...ids]);
    await lockTickets(trx, [seen.id, ...ids]);
  }
  const { rows } = await sql<TicketRow>`
    UPDATE bot_tickets t SET ${ids ? sql`merged_into = NULL` : unmergedColumns}
    WHERE t.id = ${seen.id}::uuid AND t.version = ${seen.version}::int AND t.merged_into = ${survivor.id}::uuid
      AND ${isPending('t')}
    RETURNING t.*`.execute(trx);
  const [ticket] = rows;
  if (!ticket) throw await ticketChanged(trx, seen, `unmerged from T-${survivor.number}`);
  await writeEvent(trx, seen.id, 'unmerged', actor, { from: `T-${survivor.number}` });
  await writeEvent(trx, survivor.id, 'unmerged', actor, { ticket: `T-${seen.number}` });
  const { rows: merged } = await sql<TicketRow>`
    UPDATE bot_tickets t SET merged_into = ${seen.id}::uuid
    WHERE t.id = ANY (${ids ?? []}::uuid[]) AND t.merged_into = ${survivor.id}::uuid AND ${isPending('t')}
    RETURNING t.*`.execute(trx);
  for (const row of merged) await writeMerged(trx, row, ticket, actor, survivor);
  return { ...ticket, merged };
}

/**
 * Unmerges at most `maxRows` tickets that are more severe than their survivor, or whose survivor has ended; returns how many.
 * It is one statement, so it needs no transaction around it.
 */
export const unmergeDue = (db: Db, maxRows: number): Promise<number> =>
  unmergeWhere(
    db,
    sql`NOT ${isPending('s')} OR ${rises(sql`s.severity`, sql`t.severity`)}`,
    sql`CASE WHEN ${isPending('s')} THEN 'it is more severe' ELSE 'that one has ended' END`,
    'roundsman',
    maxRows,
  );

/** Unmerges tickets of other bots from tickets of these bots, which are removed. */
export const unmergeFromRemoved = (db: Db, bots: string[], by: string): Promise<number> =>
  unmergeWhere(
    db,
    sql`s.bot_id = ANY (${bots}::uuid[]) AND (t.bot_id = ANY (${bots}::uuid[])) IS NOT TRUE`,
    sql`'the bot of that one was removed'`,
    by,
    1_000_000,
  );

/** Unmerges where `which` is true of a merged ticket `t` and its survivor `s`; `why` is SQL of the reason for people. */
async function unmergeWhere(
  db: Db,
  which: RawBuilder<unknown>,
  why: RawBuilder<unknown>,
  by: string,
  maxRows: number,
): Promise<number> {
  const { rows } = await sql`
    WITH due AS MATERIALIZED (
      SELECT t.id, t.number, s.id AS survivor, s.number AS survivor_number, ${why} AS why
      FROM bot_tickets t JOIN bot_tickets s ON s.id = t.merged_into
      WHERE ${isPending('t')} AND t.merged_into IS NOT NULL AND (${which})
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), unmerged AS (
      UPDATE bot_tickets t SET ${unmergedColumns} FROM due WHERE t.id = due.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT e.id, 'unmerged', ${by}::text, jsonb_build_object(e.key, 'T-' || e.number, 'why', due.why), engine.now()
    FROM due, LATERAL (VALUES (due.id, 'from', due.survivor_number), (due.survivor, 'ticket', due.number)) e (id, key, number)
    RETURNING id`.execute(db);
  return rows.length / 2;
}
