/**
 * Resolves a ticket and all tickets that are merged into it, once all their problems are gone. The end of a run cannot do
 * this: it locks only its own bot, and a run of another bot may find that bot's problem again meanwhile.
 *
 * From: `open` or `assigned`, the survivor and what is merged into it.
 * To: `resolved`, by `roundsman`, all at one time, with an event each.
 * By: the timer that concludes outcomes, in any process.
 * Locks: their bots by id, then the tickets in no fixed order; rows that other transactions hold are skipped, and their survivor is
 *   left to the next call.
 * Zero rows: a problem is open, or a person has to end one of the tickets (`resolve-gone.ts`), or another transaction holds a
 *   row.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/bot-tickets.ts';
import type { Database, Db } from '../../database/connect.ts';
import { goneNotes, isGone } from './resolve-gone.ts';
import type { ResolvedTicket } from './resolve-removed.ts';

/** Whether a ticket `s` is a survivor, and its problem and those of all tickets merged into it are gone. */
const areAllGone = sql`(${isPending('s')} AND s.merged_into IS NULL
  AND EXISTS (SELECT FROM bot_tickets m WHERE m.merged_into = s.id AND ${isPending('m')})
  AND NOT EXISTS (SELECT FROM bot_tickets t
                  WHERE ${isPending('t')} AND (t.id = s.id OR t.merged_into = s.id) AND NOT ${isGone}))`;

/** Ids of at most `maxRows` survivors that can be resolved with all that is merged into them. */
export async function survivorsToResolve(db: Db, maxRows: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT s.id FROM bot_tickets s
    WHERE s.id IN (SELECT m.merged_into FROM bot_tickets m WHERE m.merged_into IS NOT NULL AND ${isPending('m')})
      AND ${areAllGone}
    ORDER BY s.number LIMIT ${maxRows}`.execute(db);
  return rows.map(({ id }) => id);
}

/** Resolves those of these survivors that are locked together with all that is merged into them. */
export async function resolveMerged(
  trx: Transaction<Database>,
  survivors: string[],
): Promise<ResolvedTicket[]> {
  const { rows: lockedBots } = await sql<{ id: string }>`
    SELECT b.id FROM bots b WHERE b.id IN (
      SELECT t.bot_id FROM bot_tickets t
      WHERE t.id = ANY (${survivors}::uuid[]) OR t.merged_into = ANY (${survivors}::uuid[]))
    -- Locks bots by id; rows that others hold are skipped.
    ORDER BY b.id FOR NO KEY UPDATE OF b SKIP LOCKED`.execute(trx);
  const bots = lockedBots.map(({ id }) => id);
  // A statement of its own, so that it sees what other transactions had written before the bots were locked.
  const { rows } = await sql<ResolvedTicket>`
    WITH locked AS MATERIALIZED (
      SELECT t.id, coalesce(t.merged_into, t.id) AS survivor FROM bot_tickets t
      WHERE ${isPending('t')} AND t.bot_id = ANY (${bots}::uuid[])
        AND (t.id = ANY (${survivors}::uuid[]) OR t.merged_into = ANY (${survivors}::uuid[]))
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      FOR NO KEY UPDATE SKIP LOCKED
    ), all_locked AS MATERIALIZED (
      SELECT s.id FROM bot_tickets s
      WHERE s.id = ANY (${survivors}::uuid[]) AND ${areAllGone}
        AND NOT EXISTS (SELECT FROM bot_tickets t
                        WHERE ${isPending('t')} AND (t.id = s.id OR t.merged_into = s.id)
                          AND t.id NOT IN (SELECT id FROM locked))
    ), resolved AS (
      UPDATE bot_tickets t
      SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'roundsman', resolution_notes = ${goneNotes}
      FROM locked JOIN all_locked ON all_locked.id = locked.survivor
      WHERE t.id = locked.id
      RETURNING t.id, t.number, t.severity, t.merged_into
    ), history AS (
      INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
      SELECT r.id, 'resolved', 'roundsman',
             CASE WHEN s.number IS NULL THEN '{}' ELSE jsonb_build_object('with', 'T-' || s.number) END, engine.now()
      FROM resolved r LEFT JOIN bot_tickets s ON s.id = r.merged_into
    )
    SELECT number::text, severity FROM resolved ORDER BY number`.execute(trx);
  return rows;
}
