/**
 * A person takes back that a ticket was resolved. Where its problem is open, the next clean check resolves it again.
 * Where the problem is gone, only a person does: `reopened_by` keeps it.
 *
 * From: `resolved`, at the version that was read.
 * To: `assigned` when it has an assignee, else `open`; not acknowledged, not snoozed, with a new time to respond by and
 *   an event with the reason. What the policy made of its severity is over.
 * By: an operator.
 * Locks: the ticket.
 * Zero rows: another change came first, it is not resolved, or another ticket stands for its problem since:
 *   TicketChangedError is thrown.
 */
import { sql, type Transaction } from 'kysely';
import { isPending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { isOverriddenByPolicy, overrideColumns } from '../../data/escalation/judged-tickets.ts';
import { noSnooze } from './snooze.ts';
import { writeEvent } from './write-event.ts';

const isOver = isOverriddenByPolicy('t');
/** As severe as runs found it, where only the policy has said otherwise. */
const found = sql`CASE WHEN ${isOver} THEN coalesce(t.severity_found, t.severity) ELSE t.severity END`;
const notByPolicy = sql.join(
  [...overrideColumns, 'severity_found'].map(
    (name) =>
      sql`${sql.ref(name)} = CASE WHEN ${isOver} THEN NULL ELSE ${sql.ref(`t.${name}`)} END`,
  ),
);

export async function reopenResolved(
  trx: Transaction<Database>,
  seen: TicketRow,
  reason: string,
  actor: string,
): Promise<TicketRow> {
  const { rows } = await sql<TicketRow>`
    UPDATE bot_tickets t
    SET status = CASE WHEN t.assigned_to IS NULL THEN 'open' ELSE 'assigned' END,
        resolved_at = NULL, acknowledged_at = NULL, acknowledged_by = NULL, ${noSnooze},
        severity = ${found}, ${notByPolicy},
        respond_by = engine.now() + engine.respond_within(${found}),
        reopened_by = CASE WHEN NOT EXISTS (
          SELECT FROM bot_findings f
          WHERE f.bot_id = t.bot_id AND (f.fingerprint = t.fingerprint OR f.id = t.finding_id) AND f.resolved_at IS NULL) THEN ${actor}::text END
    WHERE t.id = ${seen.id}::uuid AND t.version = ${seen.version}::int AND t.status = 'resolved'
      AND NOT EXISTS (SELECT FROM bot_tickets o
                      WHERE o.bot_id = t.bot_id AND o.fingerprint = t.fingerprint AND ${isPending('o')})
    RETURNING t.*`.execute(trx);
  const [ticket] = rows;
  if (!ticket) throw await ticketChanged(trx, seen, 'reopened');
  const { resolved_by, resolution_notes } = seen;
  await writeEvent(trx, seen.id, 'reopened', actor, { reason, resolved_by, resolution_notes });
  return ticket;
}
