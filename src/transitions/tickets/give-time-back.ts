/**
 * While maintenance covers a ticket, its response clock stands still. Once no window covers the ticket any more, this
 * transition moves its response target by the time for which the clock stood still.
 *
 * From: pending, not acknowledged, with a response target that had not passed when the maintenance began.
 * To: the same; `respond_by` is later by the time for which windows were in force since the ticket's clock began, or since
 *   its target was last moved; `clock_held_until` says until when that was counted. A target that had passed before the
 *   maintenance stays as it was.
 * By: the timer that settles, after an occurrence of a window has ended.
 * Locks: tickets in no fixed order; rows that other transactions hold are skipped and left to the next call. Then the window.
 * Zero rows: no occurrence of a window has ended since the last call, or none that ended covers such a ticket.
 */
import { sql } from 'kysely';
import { coversTicket, ticketUnderMaintenance } from '../../data/bots/bot-maintenance.ts';
import { isReopening } from '../../data/bots/bot-tickets.ts';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';

/** The time after which windows count for the ticket `t`: reopening begins the clock anew, and no time is given back twice. */
const since = sql`greatest(t.created_at, t.clock_held_until, (
    SELECT max(e.created_at) FROM bot_ticket_events e WHERE e.ticket_id = t.id AND ${isReopening('e')}))`;

/** Whether the ticket `t` still has to get time back because an occurrence of the window `m` has ended. */
const waits = sql`${isPending('t')} AND t.acknowledged_at IS NULL AND t.respond_by IS NOT NULL
      AND EXISTS (SELECT FROM unnest(m.occurrences) r WHERE upper(r) <= engine.now() AND upper(r) > greatest(m.clocks_until, ${since}))
      AND ${coversTicket('t')} AND NOT ${ticketUnderMaintenance('t')}`;

/** Whether an occurrence of the window `m` has ended since the last call that handled this window. */
const hasEnded = sql`EXISTS (
      SELECT FROM unnest(m.occurrences) r WHERE upper(r) <= engine.now() AND upper(r) > m.clocks_until)`;

/** Handles at most `maxRows` tickets; returns how many got time back. */
export async function giveTimeBack(db: Db, maxRows: number): Promise<number> {
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
      LIMIT ${maxRows} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), stood_still AS MATERIALIZED (
      SELECT waiting.id, min(lower(r)) AS began, sum(upper(r) - lower(r)) AS time
      FROM waiting JOIN bot_tickets t ON t.id = waiting.id
      CROSS JOIN LATERAL (
        SELECT range_agg(m.occurrences) * tstzmultirange(tstzrange(waiting.since, engine.now())) AS times
        FROM bot_maintenance m WHERE upper(m.occurrences) > waiting.since AND ${coversTicket('t')}) windows
      CROSS JOIN LATERAL unnest(windows.times) r
      GROUP BY waiting.id
    )
    UPDATE bot_tickets t
    SET respond_by = CASE WHEN t.respond_by > stood_still.began THEN t.respond_by + stood_still.time ELSE t.respond_by END,
        clock_held_until = engine.now()
    FROM stood_still WHERE t.id = stood_still.id RETURNING t.id`.execute(db);
  await sql`
    UPDATE bot_maintenance m SET clocks_until = engine.now()
    WHERE m.id = ANY (${ids}::uuid[]) AND ${hasEnded} AND NOT EXISTS (SELECT FROM bot_tickets t WHERE ${waits})`.execute(
    db,
  );
  return rows.length;
}
