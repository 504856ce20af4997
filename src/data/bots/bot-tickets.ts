import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import { time } from '../../ground/text.ts';
import type { Db } from '../../database/connect.ts';
import { uuid } from '../../database/faults/bad-input.ts';
import type { BotTickets } from '../../database/tables.ts';
import { whyNotToldColumns, severityRank } from './bot-findings.ts';
import { maintenanceOfTicketColumn } from './bot-maintenance.ts';
import { isPending, isSnoozed, pending } from './pending-tickets.ts';

export { isMerged, isPending, isSnoozed, pending, type TicketStatus } from './pending-tickets.ts';

export type TicketRow = Selectable<BotTickets>;

/** Another person changed the ticket first, or it has gone past this change; `why` says who and when. */
export class TicketChangedError extends RoundsmanError {}

/** How long ago a ticket may have been resolved so that its problem, when it comes back, reopens it. */
export const reopenWithin = '24 hours';

/** Whether an event under this alias reopened its ticket; a resolution that its person undid at once was none. */
export const isReopening = (alias: string) =>
  sql<boolean>`(${sql.ref(`${alias}.event`)} = 'reopened' AND NOT coalesce(${sql.ref(`${alias}.detail`)} ? 'undone', false))`;

/** When a ticket under this alias was last reopened; null: never. */
export const reopenedAt = (alias: string) =>
  sql<Date | null>`(SELECT max(e.created_at) FROM bot_ticket_events e
    WHERE e.ticket_id = ${sql.ref(`${alias}.id`)} AND ${isReopening('e')})`.as('reopened_at');

/** The number of the ticket into which a ticket under this alias is merged, or was when it ended; null: none. */
export const survivorOf = (alias: string) =>
  sql<
    string | null
  >`(SELECT s.number::text FROM bot_tickets s WHERE s.id = ${sql.ref(`${alias}.merged_into`)})`.as(
    'survivor',
  );

/** When a person has to respond to a ticket under this alias; null if it is ended, acknowledged, snoozed or merged. */
export const responseTarget = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<Date | null>`CASE WHEN ${isPending(alias)} AND ${column('acknowledged_at')} IS NULL
    AND ${column('merged_into')} IS NULL AND NOT ${isSnoozed(alias)} THEN ${column('respond_by')} END`;
};

/**
 * The order in which a person takes tickets under this alias: the worst first; among equals, whose response target
 * passed longest ago or passes next; then the oldest. A ticket that is ended, acknowledged, snoozed or merged has no target any
 * more.
 */
export const worstFirst = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql`${severityRank(`${alias}.severity`)}, ${responseTarget(alias)}, ${column('created_at')}, ${column('number')}`;
};

/**
 * Selects tickets as `ticket`, each with the time of its last reopening, the number of the ticket into which it is or was merged,
 * and why people are not told of the open `finding` that it is about, if they are not.
 */
export const selectTickets = (db: Db) =>
  db
    .selectFrom('bot_tickets as ticket')
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
    .select(reopenedAt('ticket'))
    .select(survivorOf('ticket'))
    .select(whyNotToldColumns('finding', maintenanceOfTicketColumn('ticket')));

/** As {@link selectTickets}, also with `bots` (one object, its bot, named like the table). */
export const selectTicketsWithBots = (db: Db) =>
  selectTickets(db)
    .leftJoin('bots', 'bots.id', 'ticket.bot_id')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'));

/** A ticket in the form of a list; undefined when it does not exist. Throws BadInputError. */
export const oneTicket = async (db: Db, id: string) =>
  selectTicketsWithBots(db).where('ticket.id', '=', uuid('id', id)).executeTakeFirst();

/** `bots` is the ticket's bot, named as its table is. */
export type ListedTicket = NonNullable<Awaited<ReturnType<typeof oneTicket>>>;

/** The pending tickets of these problems. */
export const pendingTickets = (db: Db, fingerprints: readonly string[]) =>
  db
    .selectFrom('bot_tickets')
    .select(['number', 'bot_id', 'fingerprint'])
    .where('fingerprint', '=', sql<string>`any(${fingerprints}::text[])`)
    .where(isPending())
    .execute();

/** Events that change a ticket; the others only add to its history. */
const changingEvents = [
  'opened',
  'assigned',
  'unassigned',
  'acknowledged',
  'snoozed',
  'woken',
  'resolved',
  'reopened',
  'closed',
  'raised',
  'lowered',
  'rated',
  'unrated',
  'merged',
  'unmerged',
  'escalated',
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
  const now = await statusInWords(db, found);
  if (found.version === seen.version) {
    const other = await pendingOf(db, found);
    return other ? `T-${other.number} stands for its problem since then` : now;
  }
  const last = await db
    .selectFrom('bot_ticket_events')
    .select(['event', 'actor', 'created_at'])
    .where('ticket_id', '=', found.id)
    .where('event', 'in', changingEvents)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return `it was changed meanwhile: ${now}`;
  return `${last.actor} ${last.event} it at ${time(last.created_at)} UTC: ${now}`;
}

/** `it is assigned to bob`, `it is merged into T-7` */
async function statusInWords(
  db: Db,
  { status, assigned_to, merged_into }: TicketRow,
): Promise<string> {
  if (merged_into !== null && pending.includes(status)) {
    const into = await survivorFor(db, merged_into);
    if (into) return `it is merged into T-${into.number}`;
  }
  return `it is ${status}${status === 'assigned' ? ` to ${assigned_to}` : ''}`;
}

/** The ticket into which another one is merged, by its id. */
export const survivorFor = (db: Db, merged_into: string) =>
  db.selectFrom('bot_tickets').selectAll().where('id', '=', merged_into).executeTakeFirst();

/** The pending ticket of the same problem; undefined if there is none. */
export const pendingOf = (db: Db, { bot_id, fingerprint }: TicketRow) =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('bot_id', 'is not distinct from', bot_id)
    .where('fingerprint', '=', fingerprint)
    .where('status', 'in', pending)
    .executeTakeFirst();
