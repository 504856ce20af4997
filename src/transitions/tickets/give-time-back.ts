/**
 * Gives a ticket the time back in which maintenance held its response clock, once no window is in force for it any more.
 *
 * From: pending, not acknowledged, with a response target that had not passed when the maintenance began.
 * To: the same; `respond_by` is as much later as windows were in force since its clock began or last got time back, and
 *   `clock_held_until` says until when that was counted. A target that had passed before stays as it was.
 * By: the timer that settles, after an occurrence of a window has ended.
 * Locks: tickets as they come; rows that others hold are skipped, and the next call comes to them. Then the window.
 * Zero rows: no occurrence has ended since, or it covers no such ticket.
 */
import { sql } from 'kysely';
import { coversTicket, ticketUnderMaintenance } from '../../data/bots/bot-maintenance.ts';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';

/** Since when windows count: reopening begins the clock anew, and what was given back is not given twice. */
const since = sql`greatest(t.created_at, t.clock_held_until, (
    SELECT max(e.created_at) FROM bot_ticket_events e WHERE e.ticket_id = t.id AND e.event = 'reopened'))`;

/** Tickets `t` that are still to get time back because of an occurrence of the window `m` that has ended. */
const waits = sql`${isPending('t')} AND t.acknowledged_at IS NULL AND t.respond_by IS NOT NULL
      AND EXISTS (SELECT FROM unnest(m.occurrences) r WHERE upper(r) <= engine.now() AND upper(r) > greatest(m.clocks_until, ${since}))
      AND ${coversTicket('t')} AND NOT ${ticketUnderMaintenance('t')}`;

/** Windows `m` of which an occurrence has ended since. */
const hasEnded = sql`EXISTS (
      SELECT FROM unnest(m.occurrences) r WHERE upper(r) <= engine.now() AND upper(r) > m.clocks_until)`;

/** Works on `most` tickets at once; returns how many got time back. */
export async function giveTimeBack(db: Db, most: number): Promise<number> {
  const { rows: ended } = await sql<{ id: string }>`
    SELECT m.id FROM bot_maintenance m WHERE upper(m.occurrences) > m.clocks_until AND ${hasEnded}`.execute(
    db,
  );
  if (ended.length === 0) return 0;
  const ids = ended.map(({ id }) => id);
  const { rows } = await sql<{ id: string }>`
    WITH waiting AS MATERIALIZED (
      SELECT t.id, ${since} AS since FROM bot_tickets t
      WHERE EXISTS (SELECT FROM bot_maintenance m WHERE m.id = ANY (${ids}::uuid[]) AND ${waits})
      LIMIT ${most} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), held AS MATERIALIZED (
      SELECT waiting.id, min(lower(r)) AS began, sum(upper(r) - lower(r)) AS time
      FROM waiting JOIN bot_tickets t ON t.id = waiting.id
      CROSS JOIN LATERAL (
        SELECT range_agg(m.occurrences) * tstzmultirange(tstzrange(waiting.since, engine.now())) AS times
        FROM bot_maintenance m WHERE upper(m.occurrences) > waiting.since AND ${coversTicket('t')}) windows
      CROSS JOIN LATERAL unnest(windows.times) r
      GROUP BY waiting.id
    )
    UPDATE bot_tickets t
    SET respond_by = CASE WHEN t.respond_by > held.began THEN t.respond_by + held.time ELSE t.respond_by END,
        clock_held_until = engine.now()
    FROM held WHERE t.id = held.id RETURNING t.id`.execute(db);
  await sql`
    UPDATE bot_maintenance m SET clocks_until = engine.now()
    WHERE m.id = ANY (${ids}::uuid[]) AND ${hasEnded} AND NOT EXISTS (SELECT FROM bot_tickets t WHERE ${waits})`.execute(
    db,
  );
  return rows.length;
}
