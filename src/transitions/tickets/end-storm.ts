/**
 * Resolves the ticket of a storm that is over; the ticket then says what is still broken. The same statement opens a ticket
 * for each finding that is left and needs one (data/bots/needing-tickets.ts).
 *
 * From: `open` or `assigned`.
 * To: `resolved`, by `roundsman`, with an event.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: tickets; the transaction holds their bot.
 * Zero rows: no storm has ended.
 */
import { sql } from 'kysely';

/** `storms_over`. Reads `storms`. */
export const endStorms = sql`storms_over AS (
    UPDATE bot_tickets t
    SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'roundsman', resolution_notes = s.over,
        title = s.past, description = s.over,
        metadata = CASE jsonb_typeof(t.metadata) WHEN 'object' THEN t.metadata ELSE '{}' END || s.storm
                   || jsonb_build_object('execution_id', s.run::text)
    FROM storms s WHERE t.id = s.ticket AND NOT s.is_storm
    RETURNING t.id, t.number, t.severity, s.run, s.storm, s.over AS notes
  )`;
