/**
 * Writes the history of all changes that the end of runs made on tickets.
 *
 * From: tickets that were resolved, reopened (and by that unmerged), opened, made more or less severe, or woken.
 * To: one more row of `bot_ticket_events` each.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: only new rows.
 * Zero rows: no ticket was changed, or problems were only counted on their tickets, or a storm goes on.
 */
import { sql } from 'kysely';
import { rateEvents } from './rate.ts';
import { wakeEvents } from './wake.ts';

/** `events`. Reads `resolved`, `storms_over`, `reopened`, `opened` and `changed`. */
export const writeEvents = sql`events AS (
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, event, 'roundsman', detail, engine.now() FROM (
      SELECT id, 'resolved' AS event, jsonb_build_object('execution_id', run::text) AS detail FROM resolved
      UNION ALL
      SELECT id, 'resolved', jsonb_build_object('execution_id', run::text, 'storm', (storm -> 'storm') - 'components',
                                            'notes', notes) FROM storms_over
      UNION ALL
      SELECT id, 'reopened', jsonb_build_object('execution_id', run::text, 'resolved_by', resolved_by,
                                                'resolution_notes', resolution_notes) FROM reopened
      UNION ALL
      SELECT r.id, 'unmerged', jsonb_build_object('execution_id', r.run::text, 'from', 'T-' || s.number,
                                                  'why', 'its problem is back')
      FROM reopened r JOIN bot_tickets s ON s.id = r.was_merged_into
      UNION ALL
      SELECT id, 'opened', jsonb_build_object('execution_id', run, 'assigned_to', assigned_to) FROM opened
      UNION ALL${rateEvents}
      UNION ALL${wakeEvents}
    ) e
    RETURNING event
  )`;
