/** Lists of tickets: which, in which order, and how many there are. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import {
  BadInputError,
  boolean,
  object,
  text,
  instant,
  uuid,
  uuids,
  wholeNumber,
  oneOf,
} from '../../database/faults/bad-input.ts';
import type { BotTickets } from '../../database/tables.ts';
import { severitiesIn, severityRank } from './bot-findings.ts';
import {
  isReopening,
  responseTarget,
  selectTicketsWithBots,
  type ListedTicket,
} from './bot-tickets.ts';
import { ticketUnderMaintenance } from './bot-maintenance.ts';
import { isMerged, isSnoozed, type TicketStatus } from './pending-tickets.ts';
import { rowLimit } from './row-limit.ts';

/** Conditions on tickets: all that are given have to hold. */
export interface TicketMatch {
  statuses?: TicketStatus[] | undefined;
  severity?: BotTickets['severity'] | readonly BotTickets['severity'][] | undefined;
  botId?: string | undefined;
  /** the component that it is about, or one of those that a storm's names; 255 characters at most */
  component?: string | undefined;
  /** the category of its finding, or of the worst finding of a storm; 50 characters at most */
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
  /** ids of tickets that are left out */
  except?: readonly string[] | undefined;
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
const due = (alias: string) => sql`coalesce(${responseTarget(alias)}, ${never})`;
const number = (alias: string) => column(alias, 'number');

/** The keys by which tickets are ordered: never NULL, and different for each ticket, so that a page can go on after one. */
const orders = {
  /** the order in which a person takes tickets: `worstFirst` in bot-tickets.ts */
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

/** The tickets that fit a filter, in its order. Throws BadInputError. */
export const listTickets = async (db: Db, filter: TicketFilter): Promise<ListedTicket[]> =>
  (await listAndCountTickets(db, filter, {})).tickets;

type Parts<Part extends string> = Record<Part, Pick<TicketMatch, 'snoozed' | 'merged'>>;

/** The tickets that fit a filter, in its order, with the counts of {@link findTickets}. Throws BadInputError. */
export async function listAndCountTickets<Part extends string>(
  db: Db,
  filter: TicketFilter,
  parts: Parts<Part>,
): Promise<{ tickets: ListedTicket[]; counts: Record<Part, number> }> {
  const { ids, counts } = await findTickets(db, filter, parts);
  // What belongs to tickets is read only for these; one that has ended meanwhile fits no more.
  const { limit: _, after: __, order, ...match } = filter;
  const tickets = await selectTicketsWithBots(db)
    .where('ticket.id', '=', sql<string>`ANY (${ids}::uuid[])`)
    .where(matching(match))
    .orderBy(sql`${sql.join(keysOf(order)('ticket'))}`)
    .execute();
  return { tickets, counts };
}

/**
 * The ids of the tickets that fit a filter, in its order, and how many there are, whatever its limit and `after`, that also match
 * each of `parts`. What a part says about being snoozed or merged stands for what the filter says. Throws BadInputError.
 */
export async function findTickets<Part extends string>(
  db: Db,
  filter: TicketFilter,
  parts: Parts<Part>,
): Promise<{ ids: string[]; counts: Record<Part, number> }> {
  const { limit, order, after, snoozed, merged, ...match } = object('filter', filter);
  const keys = keysOf(order);
  const names = keys('ticket').map((_, at) => sql.id(`key_${at}`));
  const isAfter =
    after === undefined
      ? sql`true`
      : sql`(${sql.join(names)}) > (SELECT ${sql.join(keys('before'))} FROM bot_tickets AS before
          WHERE before.id = ${uuid('after', after)}::uuid)`;
  const counts = Object.entries<TicketMatch>(parts).map(
    ([name, part]) =>
      sql`(SELECT count(*) FROM matching WHERE ${isPart(part)})::int AS ${sql.id(name)}`,
  );
  // The tickets are read once for the page and all counts, because what is searched and compared in each costs most.
  const { rows } = await sql<Record<Part, number> & { ids: string[] }>`
    WITH matching AS (
      SELECT ticket.id, ${isSnoozed('ticket')} AS snoozed, ${isMerged('ticket')} AS merged,
        ${sql.join(keys('ticket').map((key, at) => sql`${key} AS ${names[at]}`))}
      FROM bot_tickets AS ticket WHERE ${matching(match)})
    SELECT ${sql.join([
      ...counts,
      sql`ARRAY(SELECT id FROM matching WHERE ${isPart({ snoozed, merged })} AND ${isAfter}
        ORDER BY ${sql.join(names)} LIMIT ${rowLimit(limit)}) AS ids`,
    ])}`.execute(db);
  const { ids, ...counted } = rows[0]!;
  return { ids, counts: counted as unknown as Record<Part, number> };
}

const keysOf = (order: unknown) =>
  orders[order === undefined ? 'worst' : oneOf('order', order, ticketOrders)];

/** The condition for a row of `matching`. */
const isPart = ({ snoozed, merged }: Pick<TicketMatch, 'snoozed' | 'merged'>) => {
  const conditions = [
    ...(snoozed === undefined
      ? []
      : [sql`snoozed IS NOT DISTINCT FROM ${boolean('snoozed', snoozed)}::boolean`]),
    ...(merged === undefined
      ? []
      : [sql`merged IS NOT DISTINCT FROM ${boolean('merged', merged)}::boolean`]),
  ];
  return sql<boolean>`${conditions.length > 0 ? sql.join(conditions, sql` AND `) : sql`true`}`;
};

const century = 36_525 * 86_400;

/** The condition for a row of `bot_tickets` under the alias `ticket`. */
function matching(given: TicketMatch): RawBuilder<boolean> {
  const match = object('filter', given);
  const wanted = [sql<boolean>`true`];
  const addCondition = (what: RawBuilder<unknown>, name: string, value: unknown) =>
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
  if (match.snoozed !== undefined) addCondition(isSnoozed('ticket'), 'snoozed', match.snoozed);
  if (match.merged !== undefined) addCondition(isMerged('ticket'), 'merged', match.merged);
  if (match.overdue !== undefined)
    addCondition(
      sql`coalesce(${responseTarget('ticket')} < (SELECT public.bots_now()), false) AND NOT ${ticketUnderMaintenance('ticket')}`,
      'overdue',
      match.overdue,
    );
  if (match.reopened !== undefined)
    addCondition(
      sql`EXISTS (SELECT FROM bot_ticket_events e WHERE e.ticket_id = ticket.id AND ${isReopening('e')})`,
      'reopened',
      match.reopened,
    );
  if (since !== undefined) wanted.push(sql`ticket.created_at >= ${instant('since', since)}`);
  if (match.sinceSeconds !== undefined)
    wanted.push(sql`ticket.created_at >= (SELECT public.bots_now())
      - make_interval(secs => ${wholeNumber('sinceSeconds', match.sinceSeconds, 0, century)})`);
  if (match.match !== undefined) wanted.push(containsText(text('match', match.match, 200)));
  if (match.except !== undefined)
    wanted.push(sql`ticket.id <> ALL (${uuids('except', [...match.except])}::uuid[])`);
  return sql<boolean>`(${sql.join(wanted, sql` AND `)})`;
}

const ascii = /^[\x20-\x7E]*$/;

/**
 * Whether title or description contain a text, whatever the case. For ASCII, bytes are compared, which takes half of the time:
 * then a letter beyond ASCII whose lower case is an ASCII letter (the Kelvin sign) does not match.
 */
function containsText(words: string): RawBuilder<boolean> {
  const collation = ascii.test(words) ? sql` COLLATE "C"` : sql``;
  const has = (name: string) =>
    sql<boolean>`strpos(lower(${column('ticket', name)}${collation}), lower(${words}${collation})) > 0`;
  return sql<boolean>`(${has('title')} OR ${has('description')})`;
}

/** Whether the ticket is about this component: as it was opened, as its finding says, or as a part of a storm. */
const isAbout = (component: string) => sql<boolean>`(ticket.metadata ->> 'component' = ${component}
  OR coalesce(ticket.metadata #> '{storm,components}' ? ${component}, false)
  OR EXISTS (SELECT FROM bot_findings f
             WHERE f.id = ticket.finding_id AND f.affected_component = ${component}
               AND NOT coalesce(ticket.metadata ? 'storm', false)))`;

const everyStatus: TicketStatus[] = ['open', 'assigned', 'resolved', 'closed'];

function statusesIn(statuses: unknown): TicketStatus[] {
  if (!Array.isArray(statuses) || statuses.length === 0)
    throw new BadInputError('statuses', `has to be a list of ${everyStatus.join(', ')}`);
  return Array.from(statuses, (status) => oneOf('statuses', status, everyStatus));
}
