import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../../database/connect.ts';
import { BadInputError, fields, text, uuid, word } from '../../database/faults/bad-input.ts';
import type { BotTickets } from '../../database/tables.ts';
import { severities } from '../../ground/severity.ts';
import { quietColumns, severityRank } from './bot-findings.ts';
import { rowLimit } from './row-limit.ts';

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

/** When a ticket under this alias was last reopened, because its problem had come back; null: never. */
export const reopenedAt = (alias: string) =>
  sql<Date | null>`(SELECT max(e.created_at) FROM bot_ticket_events e
    WHERE e.ticket_id = ${sql.ref(`${alias}.id`)} AND e.event = 'reopened')`.as('reopened_at');

/**
 * The order in which a person takes tickets under this alias: the worst first; among equals, whose response target
 * passed longest ago or passes next; then the oldest. A ticket that is ended, acknowledged or snoozed has no target any
 * more.
 */
export const worstFirst = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const target = sql`CASE WHEN ${isPending(alias)} AND ${column('acknowledged_at')} IS NULL
    AND coalesce(${column('snoozed_until')} <= engine.now(), true) THEN ${column('respond_by')} END`;
  return sql`${severityRank(`${alias}.severity`)}, ${target}, ${column('created_at')}, ${column('number')}`;
};

export interface TicketFilter {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | undefined;
  /** 50 characters at most */
  assignedTo?: string | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

/** Each with its bot's name, and why people would not be told of the open finding behind it, if so. */
const withCircumstances = (db: Db) =>
  db
    .selectFrom('bot_tickets as ticket')
    .leftJoin('bots', 'bots.id', 'ticket.bot_id')
    // As a join, the planner reads all open findings for each ticket while a table that has grown has no statistics.
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('bot_findings')
          .selectAll()
          .whereRef('bot_findings.bot_id', '=', 'ticket.bot_id')
          .whereRef('bot_findings.fingerprint', '=', 'ticket.fingerprint')
          .where('bot_findings.resolved_at', 'is', null)
          .limit(1)
          .as('finding'),
      (join) => join.onTrue(),
    )
    .selectAll('ticket')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select(reopenedAt('ticket'))
    .select(quietColumns('finding'));

/** A ticket in the form of a list; undefined when it does not exist. Throws BadInputError. */
export const oneTicket = async (db: Db, id: string) =>
  withCircumstances(db).where('ticket.id', '=', uuid('id', id)).executeTakeFirst();

export type ListedTicket = NonNullable<Awaited<ReturnType<typeof oneTicket>>>;

const everyStatus: TicketStatus[] = ['open', 'assigned', 'resolved', 'closed'];

/** In the order {@link worstFirst}. Throws BadInputError. */
export async function listTickets(db: Db, filter: TicketFilter) {
  const { statuses, severity, assignedTo, limit } = fields('filter', filter);
  let query = withCircumstances(db).orderBy(worstFirst('ticket')).limit(rowLimit(limit));
  if (statuses !== undefined) query = query.where('ticket.status', 'in', statusesIn(statuses));
  if (severity !== undefined)
    query = query.where('ticket.severity', '=', word('severity', severity, severities));
  if (assignedTo !== undefined)
    query = query.where('ticket.assigned_to', '=', text('assigned_to', assignedTo, 50));
  return query.execute();
}

function statusesIn(statuses: unknown): TicketStatus[] {
  if (!Array.isArray(statuses) || statuses.length === 0)
    throw new BadInputError('statuses', `has to be a list of ${everyStatus.join(', ')}`);
  return Array.from(statuses, (status) => word('statuses', status, everyStatus));
}

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
