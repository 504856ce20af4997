/**
 * A problem that needs a person, or a storm, gets a ticket; it is `assigned` when `engine.settings` names an assignee for its
 * severity.
 *
 * From: no pending ticket of the fingerprint.
 * To: `open`, or `assigned`; with the time to respond by, and an event.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: only new rows, by the time at which their findings were detected; the transaction holds their bot.
 * Zero rows: no problem needs a ticket, an older one was reopened, or another transaction opened one.
 */
import { sql } from 'kysely';
import { severityWords } from '../../data/bots/bot-findings.ts';
import { isPending } from '../../data/bots/bot-tickets.ts';

/** `settings`: the first assignee of each severity, and how long they may take to respond. */
export const findAssignees = sql`settings AS (
    -- A value that is not a text counts as not set: a bad setting must not keep runs from ending.
    SELECT s.severity, CASE jsonb_typeof(a.who) WHEN 'string' THEN left(a.who #>> '{}', 50) END AS assignee,
           engine.respond_within(s.severity) AS target
    FROM engine.settings e, unnest(${severityWords}::text[]) AS s (severity),
         LATERAL (SELECT e.value -> 'assignees' -> s.severity AS who) a
    WHERE e.key = 'escalation'
  )`;

/** `opened`. Reads `needing_ticket`, `settings` and `reopened`. */
export const openTickets = sql`opened AS (
    INSERT INTO bot_tickets AS t (bot_id, finding_id, fingerprint, severity, title, description, status, assigned_to,
                                  respond_by, created_at, updated_at, metadata)
    SELECT n.bot_id, n.id, n.fingerprint, n.severity, n.title, n.description,
           CASE WHEN s.assignee IS NULL THEN 'open' ELSE 'assigned' END, s.assignee,
           engine.now() + s.target, engine.now(), engine.now(),
           n.details || jsonb_build_object('execution_id', n.run::text)
    FROM needing_ticket n LEFT JOIN settings s USING (severity)
    WHERE n.fingerprint NOT IN (SELECT fingerprint FROM reopened)
    ORDER BY n.detected_at, n.fingerprint
    ON CONFLICT (bot_id, fingerprint) WHERE ${isPending()} DO NOTHING
    RETURNING t.id, t.number, t.severity, t.assigned_to, t.metadata ->> 'execution_id' AS run
  )`;
