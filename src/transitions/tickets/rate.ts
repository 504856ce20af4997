/**
 * A run finds the problem of a ticket, or its storm, more severe or less severe than the ticket says. A person who
 * acknowledged the ticket looked after a less severe problem. So when the ticket becomes more severe, the acknowledgement
 * ends, the response target of the new severity counts from now on (unless the old target is earlier), and the ticket goes to
 * the person named for the new severity, unless a person has chosen its assignee. When it becomes less severe, only the
 * severity changes.
 *
 * From: `open` or `assigned`; or `resolved`, where the same statement reopens the ticket.
 * To: `assigned` when it has an assignee, else `open`; with the severity that the run found, and an event.
 * By: the worker that ends a run, or rescue (part of `escalate`), in the statement's one update of the ticket: `count.ts`,
 *   `keep-storm.ts` or `reopen.ts`.
 * Locks: these tickets by id, before that update, because another transaction may have changed the severity that is compared
 *   here. The transaction holds their bot.
 * Zero rows: every ticket is as severe as the runs found its problem, or as a person said (`override-severity.ts`).
 */
import { sql, type RawBuilder } from 'kysely';
import { rises } from '../../data/bots/bot-findings.ts';
import { isPending, isSnoozed, reopenWithin } from '../../data/bots/bot-tickets.ts';
import { pendingTicketOf } from '../../data/bots/pending-tickets.ts';
import { isOverriddenByPolicy, overrideColumns } from '../../data/escalation/followed-tickets.ts';
import { wake, wakes } from './wake.ts';

/**
 * The assignee of the ticket `t` when it rises to the severity `to`. This is the person named for `to`, if the assignee until
 * now is the one named for the old severity and no person has ever changed the assignee; else the assignee stays. Reads
 * `settings`.
 */
export const assigneeAt = (to: RawBuilder<unknown>) => sql<string | null>`CASE
      WHEN t.assigned_to IS NOT DISTINCT FROM (SELECT named.assignee FROM settings named WHERE named.severity = t.severity)
        AND NOT EXISTS (SELECT FROM bot_ticket_events e
                        WHERE e.ticket_id = t.id AND e.event IN ('assigned', 'unassigned'))
      THEN coalesce((SELECT named.assignee FROM settings named WHERE named.severity = ${to}), t.assigned_to)
      ELSE t.assigned_to END`;

/** When a person has to respond to the ticket `t` that rises to the severity `to` now. */
export const respondByAt = (to: RawBuilder<unknown>) =>
  sql<Date | null>`least(t.respond_by, engine.now() + engine.respond_within(${to}))`;

/**
 * Whether the severity of the ticket `t` changes to the severity `found` that a run found. What a person said stays. What the
 * policy said stays only while the problem is not more severe than that, and the ticket is not reopened.
 */
const yieldsTo = (found: RawBuilder<unknown>) =>
  sql`(t.severity_override IS NULL OR ${isOverriddenByPolicy('t')} AND (t.status = 'resolved' OR ${rises(sql`t.severity`, found)}))`;

/**
 * `changing`: tickets on which the runs do more than count, because they found another severity, or because the ticket is
 * snoozed. `began` is when the run began that saw the problem. Reads `runs`, `storms` and `latest`.
 */
export const findChanging = sql`changing AS (
    SELECT DISTINCT ON (id) id, severity, run, began FROM (
      SELECT t.id, f.severity, runs.id AS run, runs.started_at AS began
      FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
      CROSS JOIN LATERAL ${pendingTicketOf('f')} own JOIN bot_tickets t ON t.id = own.id
      WHERE f.last_execution_id = runs.id
        AND (t.severity <> f.severity AND ${yieldsTo(sql`f.severity`)} OR ${isSnoozed('t', sql`engine.now()`)})
      UNION ALL
      SELECT s.ticket, s.severity, s.run, CASE WHEN s.seen THEN runs.started_at END
      FROM storms s JOIN runs ON runs.id = s.run WHERE s.is_storm AND s.ticket IS NOT NULL
      UNION ALL
      SELECT id, severity, run, NULL FROM latest) found
    ORDER BY id, began DESC NULLS LAST
  )`;

/**
 * `changed`: these tickets, locked, each with the severity that it had (`was`) and gets (`severity`), whether this is a change
 * (`differs`) and a rise (`rises`), with its new and old assignee, and with what `wakes` says. Reads `changing` and `settings`.
 */
export const findChanged = sql`changed AS MATERIALIZED (
    SELECT t.id, t.bot_id, t.fingerprint, t.severity AS was, n.severity, n.differs, c.run, n.rises,
           CASE WHEN n.rises THEN ${assigneeAt(sql`n.severity`)} ELSE t.assigned_to END AS assigned_to,
           t.assigned_to AS had, t.acknowledged_by AS unacknowledged,
           ${wakes(sql`n.severity`)}
    FROM changing c JOIN bot_tickets t ON t.id = c.id
    CROSS JOIN LATERAL (SELECT (c.severity <> t.severity AND ${yieldsTo(sql`c.severity`)}) IS TRUE AS differs) d
    CROSS JOIN LATERAL (SELECT d.differs, CASE WHEN d.differs THEN c.severity ELSE t.severity END AS severity,
                               d.differs AND ${rises(sql`t.severity`, sql`c.severity`)} AS rises) n
    WHERE (n.differs OR ${isSnoozed('t', sql`engine.now()`)})
      AND (${isPending('t')} OR t.status = 'resolved' AND t.resolved_at > engine.now() - ${sql.lit(reopenWithin)}::interval)
    -- Locks bot_tickets by id.
    ORDER BY t.id FOR NO KEY UPDATE OF t
  )`;

/**
 * For the update of tickets `t`, with `r` as in {@link rateTicket}: an override is cleared where the severity changes to what
 * the run found, or where `ends` is true; where it stays, `found` is kept in `severity_found`.
 */
export const keepOverride = (found: RawBuilder<unknown>, ends = sql`false`) =>
  sql`${sql.join(
    overrideColumns.map(
      (name) =>
        sql`${sql.ref(name)} = CASE WHEN r.differs OR ${ends} THEN NULL ELSE ${sql.ref(`t.${name}`)} END`,
    ),
  )}, severity_found = CASE WHEN t.severity_override IS NULL OR r.differs OR ${ends} THEN NULL ELSE coalesce(${found}, t.severity_found) END`;

/** The assignee of the ticket `t` after the update: an assignee that a person has chosen meanwhile stays. */
export const assigneeAfter = sql<
  string | null
>`CASE WHEN r.rises THEN r.assigned_to ELSE t.assigned_to END`;

/**
 * The columns that an update of tickets `t` writes; `r` is the ticket's row of `changed`, or all NULL. What another transaction
 * wrote stays. `found` is the severity that the run found, or NULL; where a person has said another one, it is only kept in
 * `severity_found`.
 */
export const rateTicket = (
  found: RawBuilder<unknown>,
) => sql`severity = coalesce(r.severity, t.severity),
        ${keepOverride(found)},
        respond_by = CASE WHEN r.rises THEN ${respondByAt(sql`r.severity`)} ELSE t.respond_by END,
        acknowledged_at = CASE WHEN r.rises THEN NULL ELSE t.acknowledged_at END,
        acknowledged_by = CASE WHEN r.rises THEN NULL ELSE t.acknowledged_by END,
        assigned_to = ${assigneeAfter}, ${wake}`;

/** The events of these tickets. Reads `changed`. */
export const rateEvents = sql`
      SELECT id, CASE WHEN rises THEN 'raised' ELSE 'lowered' END,
             jsonb_build_object('execution_id', run::text, 'from', was, 'to', severity)
             || CASE WHEN assigned_to IS DISTINCT FROM had THEN jsonb_build_object('assigned_to', assigned_to) ELSE '{}' END
             || CASE WHEN rises AND unacknowledged IS NOT NULL THEN jsonb_build_object('unacknowledged', unacknowledged) ELSE '{}' END
      FROM changed WHERE differs`;
