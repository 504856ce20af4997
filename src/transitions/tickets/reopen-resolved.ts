/**
 * A person takes back that a ticket was resolved. If its problem is open, the next clean check resolves the ticket again. If the
 * problem is gone, `reopened_by` prevents that runs resolve the ticket, and only a person can. Tickets that were
 * merged into it and resolved with it are reopened with it, and stay merged. A ticket that was merged itself stands for itself
 * again. With `before`, a person undoes their own resolution, and the ticket and those that were merged into it are again as they
 * were: with their response targets, acknowledgements, snoozes, and the clocks of their policies. They do not count as reopened.
 *
 * From: `resolved`, at the version that was read.
 * To: `assigned` when it has an assignee, else `open`; not acknowledged, not snoozed, with a new time to respond by and
 *   an event with the reason. A severity that the policy has set gives way to the one that runs found.
 * By: an operator.
 * Locks: the bots of the ticket and of what is merged into it, by id, then these tickets by id.
 * Zero rows: another change came first, the ticket is not resolved, or another ticket stands for its problem by now:
 *   TicketChangedError is thrown.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { isPending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { lockResolvedWith } from '../../data/bots/merged-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { isOverriddenByPolicy, overrideColumns } from '../../data/escalation/followed-tickets.ts';
import { restoreClock } from './restore-clock.ts';
import { clearSnooze } from './snooze.ts';
import { writeEvent } from './write-event.ts';

const byPolicy = isOverriddenByPolicy('t');
/** The severity that runs found, where the policy has set another one; else the severity as it is. */
const severityAfter = sql`CASE WHEN ${byPolicy} THEN coalesce(t.severity_found, t.severity) ELSE t.severity END`;
const clearByPolicy = sql.join(
  [...overrideColumns, 'severity_found'].map(
    (name) =>
      sql`${sql.ref(name)} = CASE WHEN ${byPolicy} THEN NULL ELSE ${sql.ref(`t.${name}`)} END`,
  ),
);
/**
 * The reopened ticket. `merged`: tickets merged into it that were reopened with it; `left`: those that stay resolved, because
 * their bot was removed.
 */
export type ReopenedTicket = TicketRow & { merged: TicketRow[]; left: TicketRow[] };

/** A ticket, and those that were merged into it and resolved with it, as they were before a person resolved them. */
export interface BeforeResolution {
  ticket: TicketRow;
  merged: readonly TicketRow[];
}

export async function reopenResolved(
  trx: Transaction<Database>,
  seen: TicketRow,
  reason: string,
  actor: string,
  before?: BeforeResolution,
): Promise<ReopenedTicket> {
  const resolvedWith = await lockResolvedWith(trx, seen);
  const isOpen = sql`EXISTS (
          SELECT FROM bot_findings f
          WHERE f.bot_id = t.bot_id AND (f.fingerprint = t.fingerprint OR f.id = t.finding_id) AND f.resolved_at IS NULL)`;
  const ticket = await reopen(
    trx,
    sql`t.id = ${seen.id}::uuid AND t.version = ${seen.version}::int`,
    sql`merged_into = NULL, reopened_by = CASE WHEN NOT ${isOpen} THEN ${actor}::text ELSE ${before?.ticket.reopened_by ?? null}::text END`,
    before ? asBefore(before.ticket) : anew,
  );
  if (!ticket) throw await ticketChanged(trx, seen, 'reopened');
  if (before) await restoreClock(trx, before.ticket);
  const isUndone = before !== undefined;
  await writeReopened(trx, seen, reason, actor, { isUndone });
  if (seen.merged_into) await writeUnmerged(trx, seen, actor);
  const merged: TicketRow[] = [];
  for (const each of resolvedWith) {
    const was = before?.merged.find(({ id }) => id === each.id);
    const row = await reopen(
      trx,
      sql`t.id = ${each.id}::uuid AND NOT EXISTS (SELECT FROM bots b WHERE b.id = t.bot_id AND b.removed_at IS NOT NULL)`,
      // Nothing new in `reopened_by`: it ends with the survivor, also where its own problem is gone.
      sql`reopened_by = ${was?.reopened_by ?? null}::text`,
      was ? asBefore(was) : anew,
    );
    if (!row) continue;
    if (was) await restoreClock(trx, was);
    merged.push(row);
    await writeReopened(trx, each, reason, actor, { isUndone, survivor: `T-${seen.number}` });
  }
  return {
    ...ticket,
    merged,
    left: resolvedWith.filter(({ id }) => merged.every((row) => row.id !== id)),
  };
}

/** Columns of a ticket to which a person has to respond anew. */
const anew = sql`acknowledged_at = NULL, acknowledged_by = NULL, ${clearSnooze}, severity = ${severityAfter}, ${clearByPolicy},
        respond_by = engine.now() + engine.respond_within(${severityAfter})`;

/** Columns of a ticket as it was before it was resolved; other columns were not changed by the resolution. */
const asBefore = ({ respond_by, resolved_by, resolution_notes, cure_knowledge_id }: TicketRow) =>
  sql`respond_by = ${respond_by}::timestamptz, resolved_by = ${resolved_by}::text,
        resolution_notes = ${resolution_notes}::text, cure_knowledge_id = ${cure_knowledge_id}::uuid`;

async function reopen(
  trx: Transaction<Database>,
  which: RawBuilder<unknown>,
  otherColumns: RawBuilder<unknown>,
  response: RawBuilder<unknown>,
): Promise<TicketRow | undefined> {
  const { rows } = await sql<TicketRow>`
    UPDATE bot_tickets t
    SET status = CASE WHEN t.assigned_to IS NULL THEN 'open' ELSE 'assigned' END,
        resolved_at = NULL, ${response}, ${otherColumns}
    WHERE ${which} AND t.status = 'resolved'
      AND NOT EXISTS (SELECT FROM bot_tickets o
                      WHERE o.bot_id = t.bot_id AND o.fingerprint = t.fingerprint AND ${isPending('o')})
    RETURNING t.*`.execute(trx);
  return rows[0];
}

/** Writes the event. `survivor`: the ticket with which this one is reopened; `isUndone`: it does not count as reopened. */
const writeReopened = (
  trx: Transaction<Database>,
  { id, resolved_by, resolution_notes }: TicketRow,
  reason: string,
  actor: string,
  { survivor, isUndone }: { survivor?: string; isUndone: boolean },
): Promise<void> => {
  const together = { ...(survivor && { with: survivor }), ...(isUndone && { undone: true }) };
  return writeEvent(trx, id, 'reopened', actor, {
    reason,
    resolved_by,
    resolution_notes,
    ...together,
  });
};

async function writeUnmerged(trx: Transaction<Database>, seen: TicketRow, actor: string) {
  const { number } = await trx
    .selectFrom('bot_tickets')
    .select('number')
    .where('id', '=', seen.merged_into)
    .executeTakeFirstOrThrow();
  await writeEvent(trx, seen.id, 'unmerged', actor, {
    from: `T-${number}`,
    why: 'it was reopened',
  });
}
