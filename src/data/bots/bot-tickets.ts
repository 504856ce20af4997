import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../errors.ts';
import type { Db } from '../connect.ts';
import type { BotTickets } from '../tables.ts';
import { severityRank } from './bot-findings.ts';

export type TicketRow = Selectable<BotTickets>;
export type TicketStatus = TicketRow['status'];

/** Somebody else was faster, or the ticket is past this change; `why` says who and when. */
export class TicketChangedError extends RoundsmanError {}

/** The statuses in which a ticket still wants something. */
export const pending: TicketStatus[] = ['open', 'assigned'];

const now = sql<Date>`engine.now()`;

export interface TicketFilter {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | undefined;
  assignedTo?: string | undefined;
  limit: number;
}

/** The worst first, then the oldest, each with its bot's name. */
export function listTickets(db: Db, { statuses, severity, assignedTo, limit }: TicketFilter) {
  let query = db
    .selectFrom('bot_tickets as ticket')
    .leftJoin('bots', 'bots.id', 'ticket.bot_id')
    .selectAll('ticket')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .orderBy(severityRank('ticket.severity'))
    .orderBy('ticket.created_at')
    .limit(limit);
  if (statuses) query = query.where('ticket.status', 'in', statuses);
  if (severity) query = query.where('ticket.severity', '=', severity);
  if (assignedTo) query = query.where('ticket.assigned_to', '=', assignedTo);
  return query.execute();
}

/** Gives a pending ticket to `who`, if it still is as it was `seen`. Throws {@link TicketChangedError}. */
export const assignTicket = (db: Db, seen: TicketRow, who: string, actor: string) =>
  db.transaction().execute(async (trx) => {
    const ticket = await trx
      .updateTable('bot_tickets')
      .set({ status: 'assigned', assigned_to: who })
      .where('id', '=', seen.id)
      .where('status', 'in', pending)
      .where('assigned_to', 'is not distinct from', seen.assigned_to)
      .returningAll()
      .executeTakeFirst();
    if (!ticket) throw await changed(trx, seen, 'assigned');
    const detail = JSON.stringify({ from: seen.assigned_to, to: who });
    await trx
      .insertInto('bot_ticket_events')
      .values({ ticket_id: seen.id, event: 'assigned', actor, detail, created_at: now })
      .execute();
    return ticket;
  });

/**
 * Ends a pending ticket with what was done. Its finding stays: the next clean check resolves that. An
 * action of which nobody could tell whether it happened has been looked at with it, and blocks no longer.
 * Throws {@link TicketChangedError}.
 */
export const resolveTicket = (db: Db, seen: TicketRow, notes: string, actor: string) =>
  db.transaction().execute(async (trx) => {
    const ticket = await trx
      .updateTable('bot_tickets')
      .set({
        status: 'resolved',
        resolved_at: now,
        resolved_by: actor,
        resolution_notes: notes,
      })
      .where('id', '=', seen.id)
      .where('status', 'in', pending)
      .returningAll()
      .executeTakeFirst();
    if (!ticket) throw await changed(trx, seen, 'resolved');
    const settled = await settleUnknown(trx, ticket, notes, actor);
    const detail = JSON.stringify({ notes, ...(settled.length > 0 && { settled }) });
    await trx
      .insertInto('bot_ticket_events')
      .values({ ticket_id: seen.id, event: 'resolved', actor, detail, created_at: now })
      .execute();
    return ticket;
  });

/** `unknown -> aborted`, which counts for no entry; returns the ids. */
async function settleUnknown(db: Db, ticket: TicketRow, notes: string, by: string) {
  const rows = await db
    .updateTable('bot_actions')
    .set({
      state: 'aborted',
      settled_at: now,
      evidence: sql`evidence || ${JSON.stringify({ settled: { by, notes, ticket: ticket.number } })}::jsonb`,
    })
    .where('bot_id', '=', ticket.bot_id)
    .where('fingerprint', '=', ticket.fingerprint)
    .where('state', '=', 'unknown')
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

async function changed(db: Db, seen: TicketRow, wanted: string): Promise<TicketChangedError> {
  const name = `T-${seen.number}`;
  const found = await db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('id', '=', seen.id)
    .executeTakeFirst();
  const by = found?.resolved_by ? ` by ${found.resolved_by}` : '';
  const at = found?.resolved_at ? ` at ${found.resolved_at.toISOString()}` : '';
  return new TicketChangedError({
    what: `${name} was not ${wanted}`,
    why: !found
      ? 'it is gone'
      : pending.includes(found.status)
        ? `somebody was faster: it is ${found.status}${found.assigned_to ? ` to ${found.assigned_to}` : ''} now`
        : `it was ${found.status}${by}${at}`,
    hint: `see \`npx roundsman tickets show ${name}\``,
  });
}
