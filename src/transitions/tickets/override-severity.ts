/**
 * A person rates a pending ticket, or takes the rating back. While it is rated, runs do not change the severity; what they find is
 * kept in `severity_found`. When the person makes the ticket more severe, the same follows as
 * when a run finds its problem more severe (`rate.ts`), and a snooze ends that was set when the ticket was less severe.
 *
 * From: `open` or `assigned`, at the version that was read.
 * To: `assigned` when it has an assignee, else `open`; with the severity that the person said or, when the person takes that
 *   back, the one that runs found; and an event.
 * By: an operator.
 * Locks: the ticket.
 * Zero rows: another change came first, or it has ended: TicketChangedError is thrown.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import {
  isPending,
  isSnoozed,
  ticketChanged,
  type TicketRow,
} from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import { findAssignees } from './open.ts';
import { rises } from '../../data/bots/bot-findings.ts';
import { respondByAt, assigneeAt } from './rate.ts';
import { clearSnoozeIf } from './snooze.ts';
import { writeEvent } from './write-event.ts';

export async function overrideSeverity(
  trx: Transaction<Database>,
  seen: TicketRow,
  { severity, reason }: { severity: Severity; reason: string },
  actor: string,
): Promise<TicketRow> {
  const ticket = await setSeverity(
    trx,
    seen,
    sql`${severity}::text`,
    sql`severity_override = ${severity}::text, severity_override_by = ${actor}::text,
        severity_override_reason = ${reason}::text, severity_found = coalesce(t.severity_found, t.severity)`,
  );
  if (!ticket) throw await ticketChanged(trx, seen, 'rated');
  await writeEvent(trx, seen.id, 'rated', actor, { ...changeOf(seen, ticket), reason });
  await writeIfWoken(trx, seen, ticket, actor);
  return ticket;
}

/** Takes a rating back. A ticket that no person has rated stays as it is, but gets the event too. */
export async function clearSeverity(
  trx: Transaction<Database>,
  seen: TicketRow,
  actor: string,
): Promise<TicketRow> {
  const ticket = await setSeverity(
    trx,
    seen,
    sql`coalesce(t.severity_found, t.severity)`,
    sql`severity_override = NULL, severity_override_by = NULL, severity_override_reason = NULL, severity_found = NULL`,
  );
  if (!ticket) throw await ticketChanged(trx, seen, 'unrated');
  await writeEvent(trx, seen.id, 'unrated', actor, changeOf(seen, ticket));
  await writeIfWoken(trx, seen, ticket, actor);
  return ticket;
}

async function setSeverity(
  trx: Transaction<Database>,
  seen: TicketRow,
  to: RawBuilder<unknown>,
  override: RawBuilder<unknown>,
): Promise<TicketRow | undefined> {
  const worse = rises(sql`t.severity`, to);
  const who = sql`CASE WHEN ${worse} THEN ${assigneeAt(to)} ELSE t.assigned_to END`;
  const wakes = sql`${isSnoozed('t', sql`engine.now()`)} AND ${rises(sql`coalesce(t.snoozed_severity, t.severity)`, to)}`;
  const { rows } = await sql<TicketRow>`
    WITH ${findAssignees}
    UPDATE bot_tickets t
    SET severity = ${to}, ${override}, assigned_to = ${who},
        status = CASE WHEN ${who} IS NULL THEN 'open' ELSE 'assigned' END,
        respond_by = CASE WHEN ${worse} THEN ${respondByAt(to)} ELSE t.respond_by END,
        acknowledged_at = CASE WHEN ${worse} THEN NULL ELSE t.acknowledged_at END,
        acknowledged_by = CASE WHEN ${worse} THEN NULL ELSE t.acknowledged_by END, ${clearSnoozeIf(wakes)}
    WHERE t.id = ${seen.id}::uuid AND t.version = ${seen.version}::int AND ${isPending('t')}
    RETURNING t.*`.execute(trx);
  return rows[0];
}

async function writeIfWoken(
  trx: Transaction<Database>,
  seen: TicketRow,
  ticket: TicketRow,
  actor: string,
): Promise<void> {
  const ended = seen.snoozed_at !== null && ticket.snoozed_at === null;
  if (ended) await writeEvent(trx, seen.id, 'woken', actor, { why: 'it is more severe' });
}

/** What the event says about the change. */
const changeOf = (seen: TicketRow, ticket: TicketRow) => ({
  from: seen.severity,
  to: ticket.severity,
  ...(ticket.assigned_to !== seen.assigned_to && { assigned_to: ticket.assigned_to }),
  ...(seen.acknowledged_by && !ticket.acknowledged_at && { unacknowledged: seen.acknowledged_by }),
});
