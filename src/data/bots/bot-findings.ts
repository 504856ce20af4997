import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import { BadInputError, object, uuid, uuids, oneOf } from '../../database/faults/bad-input.ts';
import type { BotFindings } from '../../database/tables.ts';
import { severities, type Severity } from '../../ground/severity.ts';
import { maintenanceColumn } from './bot-maintenance.ts';
import { ofFinding, silencesOver, type Silence } from './bot-silences.ts';
import { rowLimit } from './row-limit.ts';
import { severityRank } from './severity-rank.ts';
import { ticketColumn } from './standing-tickets.ts';

export { rises, severityRank, severityWords } from './severity-rank.ts';
export { ticketColumn, type StandingTicket } from './standing-tickets.ts';

/** How many open findings each bot has; bots without one are left out. Throws BadInputError. */
export async function countOpenFindings(db: Db, botIds: string[]): Promise<Map<string, number>> {
  const ids = uuids('bot_id', botIds);
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('bot_findings')
    .select(['bot_id', sql<number>`count(*)::int`.as('count')])
    .where('bot_id', '=', sql<string>`ANY(${ids}::uuid[])`)
    .where('resolved_at', 'is', null)
    .groupBy('bot_id')
    .execute();
  return new Map(rows.map(({ bot_id, count }) => [bot_id!, count]));
}

/** The open finding that explains another one, which is suppressed behind it. */
export interface Suppressor {
  id: string;
  title: string;
  affected_component: string | null;
}

/**
 * Why people are not told of an open finding under this alias: the silences and the maintenance windows in force for it, and
 * the finding that it is suppressed behind. Nothing for a resolved finding, or if the alias has no row.
 */
export const whyNotToldColumns = (alias: string, maintenance = maintenanceColumn(alias)) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const open = sql`${column('resolved_at')} IS NULL AND ${column('id')} IS NOT NULL`;
  return [
    sql<Silence[]>`CASE WHEN ${open} THEN ${silencesOver(ofFinding(alias))} ELSE '[]' END`.as(
      'bot_silences',
    ),
    sql<Suppressor | null>`(
      SELECT json_build_object('id', p.id, 'title', p.title, 'affected_component', p.affected_component)
      FROM bot_findings p
      WHERE p.id = ${column('suppressed_by')} AND ${open} AND public.finding_is_suppressed(p.id))`.as(
      'suppressor',
    ),
    maintenance,
  ] as const;
};

/**
 * Whether a row of `bot_findings` under this alias stands behind an open finding, and so is not healed; in a circle of findings
 * none does. `isSuppressed` (./standing-tickets.ts) says whether people are told of it by the ticket of its cause.
 */
export const standsBehind = (alias: string) => {
  const by = sql.ref(`${alias}.suppressed_by`);
  return sql<boolean>`(${by} IS NOT NULL AND engine.is_suppressed(${by}))`;
};

/**
 * Whether the component of a row of `bot_findings` under this alias counts as broken for a storm, and the storm's ticket
 * stands for it: the checks of its bot still see it, none of them calls its components unrelated, and it does not only wait for
 * events (vb_18_unrelated.sql).
 */
export const countsAsBroken = (alias: string) =>
  sql<boolean>`(${sql.ref(`${alias}.resolved_at`)} IS NULL AND engine.counts_as_broken(${sql.ref(alias)}))`;

export interface FindingFilter {
  /** only findings for which the ticket of a storm of their bot stands */
  inStorm?: boolean | undefined;
  botId?: string | undefined;
  severity?: BotFindings['severity'] | readonly BotFindings['severity'][] | undefined;
  which: 'open' | 'resolved' | 'all';
  /** seen at that time or later */
  since?: Since | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

/** One severity, or a list of them. Throws BadInputError. */
export function severitiesIn(given: unknown): Severity[] {
  const all = [given].flat();
  if (all.length === 0)
    throw new BadInputError('severity', `has to be of ${severities.join(', ')}`);
  return all.map((each) => oneOf('severity', each, severities));
}

/**
 * Findings, the worst first, then those seen last, each with its bot's name, the ticket that stands for it, and why people are
 * not told of it if they are not. Throws BadInputError.
 */
export async function listFindings(db: Db, filter: FindingFilter) {
  return matchingFindings(db, filter)
    .selectAll('finding')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select(whyNotToldColumns('finding'))
    .select(ticketColumn('finding'))
    .orderBy(severityRank('finding.severity'))
    .orderBy('finding.last_seen_at', 'desc')
    .limit(rowLimit(filter.limit))
    .execute();
}

/** How many findings fit, whatever the filter's limit; null: very many. */
export const countFindings = (db: Db, filter: FindingFilter) =>
  countRows(db, matchingFindings(db, filter));

function matchingFindings(db: Db, filter: FindingFilter) {
  const { botId, severity, which, since, inStorm } = object('filter', filter);
  const wanted = oneOf('which', which, ['open', 'resolved', 'all']);
  let query = db
    .selectFrom('bot_findings as finding')
    .leftJoin('bots', 'bots.id', 'finding.bot_id');
  if (botId !== undefined) query = query.where('finding.bot_id', '=', uuid('bot_id', botId));
  if (severity !== undefined) query = query.where('finding.severity', 'in', severitiesIn(severity));
  if (since !== undefined) query = query.where('finding.last_seen_at', '>=', timeOf(since));
  if (inStorm === true)
    query = query.where(sql<boolean>`public.finding_is_broken(${sql.ref('finding.id')})`);
  if (wanted !== 'all')
    query = query.where('finding.resolved_at', wanted === 'open' ? 'is' : 'is not', null);
  return query;
}

/**
 * The findings that a run was the first to see, and the open ones that it was the last to see. (A resolved finding
 * that it only saw again is left out: to find those, the query would read every finding that the bot ever had.) Each has
 * the ticket that stands for it, and why people are not told of it if they are not. Throws BadInputError.
 */
export async function findingsOfRun(
  db: Db,
  run: { id: string; bot_id: string | null },
  limit: number,
) {
  const { id, bot_id } = object('run', run);
  const [runId, bot] = [uuid('id', id), bot_id === null ? null : uuid('bot_id', bot_id)];
  return db
    .selectFrom('bot_findings')
    .selectAll()
    .select(whyNotToldColumns('bot_findings'))
    .select(ticketColumn('bot_findings'))
    .where((eb) =>
      eb.or([
        eb('execution_id', '=', runId),
        eb.and([
          eb('bot_id', '=', bot),
          eb('resolved_at', 'is', null),
          eb('last_execution_id', '=', runId),
        ]),
      ]),
    )
    .orderBy(severityRank('severity'))
    .orderBy('last_seen_at', 'desc')
    .limit(rowLimit(limit))
    .execute();
}
