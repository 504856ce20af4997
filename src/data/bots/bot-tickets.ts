import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../../database/connect.ts';
import type { BotTickets } from '../../database/tables.ts';
import { quietColumns, severityRank } from './bot-findings.ts';

export type TicketRow = Selectable<BotTickets>;
export type TicketStatus = TicketRow['status'];

/** Another person changed the ticket first, or it has gone past this change; `why` says who and when. */
export class TicketChangedError extends RoundsmanError {}

/** The statuses of a ticket that is not ended. */
export const pending: TicketStatus[] = ['open', 'assigned'];

/**
 * Whether a ticket under this alias is pending. The statuses are literals and not parameters, so that the planner can
 * use the index on pending tickets.
 */
export const isPending = (alias?: string) =>
  sql<boolean>`${sql.ref(alias === undefined ? 'status' : `${alias}.status`)} IN (${sql.join(pending.map((word) => sql.lit(word)))})`;

export interface TicketFilter {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | readonly BotTickets['severity'][] | undefined;
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
  if (severity) query = query.where('ticket.severity', 'in', [severity].flat());
  if (assignedTo) query = query.where('ticket.assigned_to', '=', assignedTo);
  return query.execute();
}

/** The pending tickets of these problems. */
export const pendingTickets = (db: Db, fingerprints: readonly string[]) =>
  db
    .selectFrom('bot_tickets')
    .select(['number', 'bot_id', 'fingerprint'])
    .where('fingerprint', '=', sql<string>`any(${fingerprints}::text[])`)
    .where(isPending())
    .execute();

/** The change that came first to a ticket which this caller had `seen`, as an error that names it. */
export async function ticketChanged(
  db: Db,
  seen: TicketRow,
  wanted: string,
): Promise<TicketChangedError> {
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
        ? `another command changed it first: it is ${found.status}${found.assigned_to ? ` to ${found.assigned_to}` : ''} now`
        : `it was ${found.status}${by}${at}`,
    hint: `see \`npx roundsman tickets show ${name}\``,
  });
}
