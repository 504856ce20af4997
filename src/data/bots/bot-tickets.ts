import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import { time } from '../../ground/text.ts';
import type { Db } from '../../database/connect.ts';
import type { BotTickets } from '../../database/tables.ts';
import { quietColumns, severityRank } from './bot-findings.ts';

export type TicketRow = Selectable<BotTickets>;
export type TicketStatus = TicketRow['status'];

/** Another person changed the ticket first, or it has gone past this change; `why` says who and when. */
export class TicketChangedError extends RoundsmanError {}

/** The statuses of a ticket that is not ended. */
export const pending: TicketStatus[] = ['open', 'assigned'];

/** How long ago a ticket may have been resolved so that its problem, when it comes back, reopens it. */
export const reopenWithin = '24 hours';

/**
 * Whether a ticket under this alias is pending. The statuses are literals and not parameters, so that the planner can
 * use the index on pending tickets.
 */
export const isPending = (alias?: string) =>
  sql<boolean>`${sql.ref(alias === undefined ? 'status' : `${alias}.status`)} IN (${sql.join(pending.map((word) => sql.lit(word)))})`;

export interface TicketFilter {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | undefined;
  assignedTo?: string | undefined;
  limit: number;
}

/** Each with its bot's name, and why people would not be told of the open finding behind it, if so. */
const withCircumstances = (db: Db) =>
  db
    .selectFrom('bot_tickets as ticket')
    .leftJoin('bots', 'bots.id', 'ticket.bot_id')
    .leftJoin('bot_findings as finding', (join) =>
      join
        .onRef('finding.bot_id', '=', 'ticket.bot_id')
        .onRef('finding.fingerprint', '=', 'ticket.fingerprint')
        .on('finding.resolved_at', 'is', null),
    )
    .selectAll('ticket')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select(quietColumns('finding'));

/** A ticket in the form of a list; undefined when it does not exist. */
export const oneTicket = (db: Db, id: string) =>
  withCircumstances(db).where('ticket.id', '=', id).executeTakeFirst();

export type ListedTicket = NonNullable<Awaited<ReturnType<typeof oneTicket>>>;

/** The worst first, then the oldest. */
export function listTickets(db: Db, { statuses, severity, assignedTo, limit }: TicketFilter) {
  let query = withCircumstances(db)
    .orderBy(severityRank('ticket.severity'))
    .orderBy('ticket.created_at')
    .limit(limit);
  if (statuses) query = query.where('ticket.status', 'in', statuses);
  if (severity) query = query.where('ticket.severity', '=', severity);
  if (assignedTo) query = query.where('ticket.assigned_to', '=', assignedTo);
  return query.execute();
}

/** Events that change a ticket; the others only add to its history. */
const changes = [
  'opened',
  'assigned',
  'unassigned',
  'acknowledged',
  'snoozed',
  'resolved',
  'reopened',
  'closed',
] as const;

/** The change that came first to a ticket which this caller had `seen`, as an error that says who made it and when. */
export async function ticketChanged(
  db: Db,
  seen: TicketRow,
  wanted: string,
): Promise<TicketChangedError> {
  const found = await db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('id', '=', seen.id)
    .executeTakeFirst();
  return new TicketChangedError({
    what: `T-${seen.number} was not ${wanted}`,
    why: found ? await whatChanged(db, found, seen) : 'it is gone',
    hint: `see \`npx roundsman tickets show T-${seen.number}\``,
  });
}

/** `ann acknowledged it at 2026-01-01 10:00:00 UTC: it is assigned to bob` */
async function whatChanged(db: Db, found: TicketRow, seen: TicketRow): Promise<string> {
  const to = found.status === 'assigned' ? ` to ${found.assigned_to}` : '';
  const now = `it is ${found.status}${to}`;
  if (found.version === seen.version) {
    const other = await pendingOf(db, found);
    return other ? `T-${other.number} stands for its problem since then` : now;
  }
  const last = await db
    .selectFrom('bot_ticket_events')
    .select(['event', 'actor', 'created_at'])
    .where('ticket_id', '=', found.id)
    .where('event', 'in', changes)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return `it was changed meanwhile: ${now}`;
  return `${last.actor} ${last.event} it at ${time(last.created_at)} UTC: ${now}`;
}

/** The pending ticket of the same problem; undefined where there is none. */
export const pendingOf = (db: Db, { bot_id, fingerprint }: TicketRow) =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('bot_id', 'is not distinct from', bot_id)
    .where('fingerprint', '=', fingerprint)
    .where('status', 'in', pending)
    .executeTakeFirst();
