/**
 * The ticket of a storm that goes on says how many components are broken now, and which.
 *
 * From: `open` or `assigned`.
 * To: `assigned` when it has an assignee, else `open`, as `rate.ts` says; with title, text, figures and the severity of the
 *   worst finding;
 *   `occurrences` + 1 when the run saw the storm.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: tickets; the transaction holds their bot.
 * Zero rows: no storm that has a ticket goes on.
 */
import { sql } from 'kysely';
import { rateTicket, assigneeAfter } from './rate.ts';

/** `storms_kept`. Reads `storms` and `changed`. */
export const keepStorms = sql`storms_kept AS (
    UPDATE bot_tickets t
    SET finding_id = coalesce(s.worst, t.finding_id), occurrences = t.occurrences + s.seen::int,
        status = CASE WHEN ${assigneeAfter} IS NULL THEN 'open' ELSE 'assigned' END, ${rateTicket(sql`s.severity`)},
        title = s.title, description = s.description,
        metadata = CASE jsonb_typeof(t.metadata) WHEN 'object' THEN t.metadata ELSE '{}' END || s.storm
                   || jsonb_build_object('execution_id', s.run::text)
    FROM storms s LEFT JOIN changed r ON r.id = s.ticket WHERE t.id = s.ticket AND s.is_storm
  )`;
