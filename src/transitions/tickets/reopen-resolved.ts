/**
 * A person takes back that a ticket was resolved. Where its problem is open, the next clean check resolves it again.
 * Where the problem is gone, only a person does: `reopened_by` keeps it. What was merged into it and ended with it is
 * reopened with it, and stays merged. A ticket that was merged itself stands for itself again.
 *
 * From: `resolved`, at the version that was read.
 * To: `assigned` when it has an assignee, else `open`; not acknowledged, not snoozed, with a new time to respond by and
 *   an event with the reason. What the policy made of its severity is over.
 * By: an operator.
 * Locks: the bots of what is merged with it by id, and the tickets by id.
 * Zero rows: another change came first, it is not resolved, or another ticket stands for its problem since:
 *   TicketChangedError is thrown.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { isPending, ticketChanged, type TicketRow } from '../../data/bots/bot-tickets.ts';
import { holdEndedWith } from '../../data/bots/merged-tickets.ts';
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
/** The ticket; what is merged into it and was reopened with it; what stays resolved, because its bot was removed. */
export type Reopened = TicketRow & { merged: TicketRow[]; left: TicketRow[] };

export async function reopenResolved(
  trx: Transaction<Database>,
  seen: TicketRow,
  reason: string,
  actor: string,
): Promise<Reopened> {
  const below = await holdEndedWith(trx, seen);
  const isOpen = sql`EXISTS (
          SELECT FROM bot_findings f
          WHERE f.bot_id = t.bot_id AND (f.fingerprint = t.fingerprint OR f.id = t.finding_id) AND f.resolved_at IS NULL)`;
  const ticket = await reopen(
    trx,
    sql`t.id = ${seen.id}::uuid AND t.version = ${seen.version}::int`,
    sql`merged_into = NULL, reopened_by = CASE WHEN NOT ${isOpen} THEN ${actor}::text END`,
  );
  if (!ticket) throw await ticketChanged(trx, seen, 'reopened');
  await tell(trx, seen, reason, actor);
  if (seen.merged_into) await tellAlone(trx, seen, actor);
  const merged: TicketRow[] = [];
  for (const each of below) {
    // It ends with the survivor, also where its own problem is gone.
    const row = await reopen(
      trx,
      sql`t.id = ${each.id}::uuid AND NOT EXISTS (SELECT FROM bots b WHERE b.id = t.bot_id AND b.removed_at IS NOT NULL)`,
      sql`reopened_by = NULL`,
    );
    if (!row) continue;
    merged.push(row);
    await tell(trx, each, reason, actor, `T-${seen.number}`);
  }
  return {
    ...ticket,
    merged,
    left: below.filter(({ id }) => merged.every((row) => row.id !== id)),
  };
}

async function reopen(
  trx: Transaction<Database>,
  which: RawBuilder<unknown>,
  sets: RawBuilder<unknown>,
): Promise<TicketRow | undefined> {
  const { rows } = await sql<TicketRow>`
    UPDATE bot_tickets t
    SET status = CASE WHEN t.assigned_to IS NULL THEN 'open' ELSE 'assigned' END,
        resolved_at = NULL, acknowledged_at = NULL, acknowledged_by = NULL, ${noSnooze},
        severity = ${found}, ${notByPolicy},
        respond_by = engine.now() + engine.respond_within(${found}), ${sets}
    WHERE ${which} AND t.status = 'resolved'
      AND NOT EXISTS (SELECT FROM bot_tickets o
                      WHERE o.bot_id = t.bot_id AND o.fingerprint = t.fingerprint AND ${isPending('o')})
    RETURNING t.*`.execute(trx);
  return rows[0];
}

/** `survivor`: the ticket with which it is reopened. */
const tell = (
  trx: Transaction<Database>,
  { id, resolved_by, resolution_notes }: TicketRow,
  reason: string,
  actor: string,
  survivor?: string,
): Promise<void> => {
  const together = survivor && { with: survivor };
  return writeEvent(trx, id, 'reopened', actor, {
    reason,
    resolved_by,
    resolution_notes,
    ...together,
  });
};

async function tellAlone(trx: Transaction<Database>, seen: TicketRow, actor: string) {
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
