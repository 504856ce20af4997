/** Lists of tickets: which, in which order, and how many there are. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import {
  BadInputError,
  boolean,
  fields,
  text,
  time,
  uuid,
  whole,
  word,
} from '../../database/faults/bad-input.ts';
import type { BotTickets } from '../../database/tables.ts';
import { severitiesIn, severityRank } from './bot-findings.ts';
import { target, withCircumstances } from './bot-tickets.ts';
import { ticketUnderMaintenance } from './bot-maintenance.ts';
import { isMerged, isSnoozed, type TicketStatus } from './pending-tickets.ts';
import { rowLimit } from './row-limit.ts';

/** All that is given has to be so. */
export interface TicketMatch {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | readonly BotTickets['severity'][] | undefined;
  botId?: string | undefined;
  /** the component that it is about, or one of those that a storm's names; 255 characters at most */
  component?: string | undefined;
  /** of its finding, or the worst one of a storm; 50 characters at most */
  category?: string | undefined;
  /** 50 characters at most */
  assignedTo?: string | undefined;
  /** only those that are snoozed now, or only the others */
  snoozed?: boolean | undefined;
  /** only pending ones that are merged into others, or only the rest */
  merged?: boolean | undefined;
  /** only those past their response target, or only the others */
  overdue?: boolean | undefined;
  /** only those that were ever reopened, or only the others */
  reopened?: boolean | undefined;
  /** opened at this time or later */
  since?: Date | undefined;
  /** opened at most so many seconds ago, by the database's clock */
  sinceSeconds?: number | undefined;
  /** in its title or description, whatever the case; 200 characters at most */
  match?: string | undefined;
}

export type TicketOrder = keyof typeof orders;

export interface TicketFilter extends TicketMatch {
  /** `worst` unless given */
  order?: TicketOrder | undefined;
  /** id of a ticket: only those that come after it in this order */
  after?: string | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

const never = sql`'infinity'::timestamptz`;
const column = (alias: string, name: string) => sql.ref(`${alias}.${name}`);
const opened = (alias: string) => sql`coalesce(${column(alias, 'created_at')}, ${never})`;
const due = (alias: string) => sql`coalesce(${target(alias)}, ${never})`;
const number = (alias: string) => column(alias, 'number');

/** What a ticket is ordered by, without NULL, and each ticket with another key: the next page goes on after one. */
const orders = {
  /** in which a person takes them: `worstFirst` in bot-tickets.ts */
  worst: (alias: string) => [
    severityRank(`${alias}.severity`),
    due(alias),
    opened(alias),
    number(alias),
  ],
  due: (alias: string) => [due(alias), severityRank(`${alias}.severity`), number(alias)],
  oldest: (alias: string) => [opened(alias), number(alias)],
  newest: (alias: string) => [sql`-extract(epoch FROM ${opened(alias)})`, sql`-${number(alias)}`],
};
export const ticketOrders = Object.keys(orders) as TicketOrder[];

/** Throws BadInputError. */
export async function listTickets(db: Db, filter: TicketFilter) {
  const { limit, order, after } = fields('filter', filter);
  const key = orders[order === undefined ? 'worst' : word('order', order, ticketOrders)];
  const inOrder = sql`${sql.join(key('ticket'))}`;
  // First which tickets: what stands beside them is read for these alone.
  let page = db
    .selectFrom('bot_tickets as ticket')
    .select('ticket.id')
    .where(matching(filter))
    .orderBy(inOrder)
    .limit(rowLimit(limit));
  if (after !== undefined)
    page = page.where(
      sql<boolean>`(${sql.join(key('ticket'))}) > (SELECT ${sql.join(key('before'))} FROM bot_tickets AS before
        WHERE before.id = ${uuid('after', after)}::uuid)`,
    );
  return withCircumstances(db).where('ticket.id', 'in', page).orderBy(inOrder).execute();
}

/** How many tickets match, whatever a list's limit. Throws BadInputError. */
export async function countTickets(db: Db, match: TicketMatch): Promise<number> {
  const { count } = await db
    .selectFrom('bot_tickets as ticket')
    .select(sql<number>`count(*)::int`.as('count'))
    .where(matching(match))
    .executeTakeFirstOrThrow();
  return count;
}

const century = 36_525 * 86_400;

/** Of the table under the alias `ticket`. */
function matching(given: TicketMatch): RawBuilder<boolean> {
  const match = fields('filter', given);
  const wanted = [sql<boolean>`true`];
  const is = (what: RawBuilder<unknown>, name: string, value: unknown) =>
    wanted.push(sql`(${what}) IS NOT DISTINCT FROM ${boolean(name, value)}::boolean`);
  const { statuses, severity, botId, component, category, assignedTo, since } = match;
  if (statuses !== undefined)
    wanted.push(sql`ticket.status IN (${sql.join(statusesIn(statuses))})`);
  if (severity !== undefined)
    wanted.push(sql`ticket.severity IN (${sql.join(severitiesIn(severity))})`);
  if (botId !== undefined) wanted.push(sql`ticket.bot_id = ${uuid('bot_id', botId)}::uuid`);
  if (component !== undefined) wanted.push(isAbout(text('component', component, 255)));
  if (category !== undefined)
    wanted.push(sql`EXISTS (SELECT FROM bot_findings f
      WHERE f.id = ticket.finding_id AND f.category = ${text('category', category, 50)})`);
  if (assignedTo !== undefined)
    wanted.push(sql`ticket.assigned_to = ${text('assigned_to', assignedTo, 50)}`);
  if (match.snoozed !== undefined) is(isSnoozed('ticket'), 'snoozed', match.snoozed);
  if (match.merged !== undefined) is(isMerged('ticket'), 'merged', match.merged);
  if (match.overdue !== undefined)
    is(
      sql`coalesce(${target('ticket')} < (SELECT public.bots_now()), false) AND NOT ${ticketUnderMaintenance('ticket')}`,
      'overdue',
      match.overdue,
    );
  if (match.reopened !== undefined)
    is(
      sql`EXISTS (SELECT FROM bot_ticket_events e WHERE e.ticket_id = ticket.id AND e.event = 'reopened')`,
      'reopened',
      match.reopened,
    );
  if (since !== undefined) wanted.push(sql`ticket.created_at >= ${time('since', since)}`);
  if (match.sinceSeconds !== undefined)
    wanted.push(sql`ticket.created_at >= (SELECT public.bots_now())
      - make_interval(secs => ${whole('sinceSeconds', match.sinceSeconds, 0, century)})`);
  if (match.match !== undefined)
    wanted.push(sql`(strpos(lower(ticket.title), lower(${text('match', match.match, 200)})) > 0
      OR strpos(lower(ticket.description), lower(${match.match})) > 0)`);
  return sql<boolean>`(${sql.join(wanted, sql` AND `)})`;
}

/** About this component: as it was opened, as its finding says, or as a part of a storm. */
const isAbout = (component: string) => sql<boolean>`(ticket.metadata ->> 'component' = ${component}
  OR coalesce(ticket.metadata #> '{storm,components}' ? ${component}, false)
  OR EXISTS (SELECT FROM bot_findings f
             WHERE f.id = ticket.finding_id AND f.affected_component = ${component}
               AND NOT coalesce(ticket.metadata ? 'storm', false)))`;

const everyStatus: TicketStatus[] = ['open', 'assigned', 'resolved', 'closed'];

function statusesIn(statuses: unknown): TicketStatus[] {
  if (!Array.isArray(statuses) || statuses.length === 0)
    throw new BadInputError('statuses', `has to be a list of ${everyStatus.join(', ')}`);
  return Array.from(statuses, (status) => word('statuses', status, everyStatus));
}
