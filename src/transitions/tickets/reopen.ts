/**
 * A problem, or a storm, that comes back within 24 hours reopens its ticket; later it gets a new one.
 *
 * From: `resolved`, 24 hours ago at most.
 * To: `assigned` when it has an assignee, else `open`; not acknowledged, not snoozed, with a new time to respond by;
 *   `occurrences` + 1, with the newest title, text and evidence, and an event. Severity and assignee as `rate.ts` says; a
 *   severity that the policy has set ends. A ticket that was merged stands for itself again.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: tickets; the transaction holds their bot.
 * Zero rows: the problem had no ticket, or its newest one was resolved longer ago, or is `closed`.
 */
import { sql } from 'kysely';
import { reopenWithin } from '../../data/bots/bot-tickets.ts';
import { isOverriddenByPolicy } from '../../data/escalation/followed-tickets.ts';
import { openedByRun } from './count.ts';
import { keepOverride, assigneeAfter } from './rate.ts';
import { clearSnooze } from './snooze.ts';

/** `latest`: the newest ticket of each problem that needs one. Reads `needing_ticket`. */
export const findLatest = sql`latest AS (
    SELECT DISTINCT ON (n.fingerprint) t.id, t.merged_into, n.id AS finding_id, n.severity, n.title, n.description, n.run, n.details
    FROM needing_ticket n CROSS JOIN LATERAL (
      SELECT t.id, t.merged_into, t.number FROM bot_tickets t WHERE t.bot_id = n.bot_id AND t.fingerprint = n.fingerprint
      -- OFFSET 0: looked up one by one in the index. The planner takes a table that has just grown for small, and would compare each row with
      -- each.
      OFFSET 0) t
    ORDER BY n.fingerprint, t.number DESC
  )`;

/** `reopened`. Reads `latest` and `changed`. */
export const reopenTickets = sql`reopened AS (
    UPDATE bot_tickets t
    SET status = CASE WHEN ${assigneeAfter} IS NULL THEN 'open' ELSE 'assigned' END, assigned_to = ${assigneeAfter},
        severity = coalesce(r.severity, t.severity), ${keepOverride(sql`l.severity`, isOverriddenByPolicy('t'))},
        resolved_at = NULL, acknowledged_at = NULL, acknowledged_by = NULL, ${clearSnooze}, reopened_by = NULL, merged_into = NULL,
        respond_by = engine.now() + engine.respond_within(coalesce(r.severity, t.severity)), finding_id = l.finding_id, occurrences = t.occurrences + 1,
        title = CASE WHEN ${openedByRun} THEN l.title ELSE t.title END,
        description = CASE WHEN ${openedByRun} THEN l.description ELSE t.description END,
        metadata = CASE jsonb_typeof(t.metadata) WHEN 'object' THEN t.metadata - 'storm' ELSE '{}' END || l.details
                   || jsonb_build_object('execution_id', l.run::text)
    FROM latest l LEFT JOIN changed r ON r.id = l.id
    WHERE t.id = l.id AND t.status = 'resolved' AND t.resolved_at > engine.now() - ${sql.lit(reopenWithin)}::interval
    RETURNING t.id, t.number, t.severity, t.fingerprint, t.resolution_notes, t.resolved_by, l.run, l.merged_into AS was_merged_into
  )`;
