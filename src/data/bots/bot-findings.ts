import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../../database/connect.ts';
import type { BotFindings } from '../../database/tables.ts';
import { severities } from '../../ground/severity.ts';
import { ofFinding, silencesOver, type Silence } from './bot-silences.ts';

/** All severities, the worst first, as an array literal for SQL. */
export const severityWords = sql.lit(`{${severities.join(',')}}`);

/** 1 for critical to 5 for info: SQL orders severities by rank, never by their text. */
export const severityRank = (column: string) =>
  sql<number>`array_position(${severityWords}::text[], ${sql.ref(column)}::text)`;

/** How many open findings each bot has; bots without one are left out. */
export async function countOpenFindings(db: Db, botIds: string[]): Promise<Map<string, number>> {
  if (botIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('bot_findings')
    .select(['bot_id', sql<number>`count(*)::int`.as('count')])
    .where('bot_id', 'in', botIds)
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
 * Why people are not told of an open finding under this alias: the silences in force for it, and the finding that it
 * is suppressed behind. Null for a resolved finding, and where the alias has no row.
 */
export const quietColumns = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const open = sql`${column('resolved_at')} IS NULL AND ${column('id')} IS NOT NULL`;
  return [
    sql<Silence[]>`CASE WHEN ${open} THEN ${silencesOver(ofFinding(alias))} ELSE '[]' END`.as(
      'bot_silences',
    ),
    sql<Suppressor | null>`(
      SELECT json_build_object('id', p.id, 'title', p.title, 'affected_component', p.affected_component)
      FROM bot_findings p
      WHERE p.id = ${column('suppressed_by')} AND ${open} AND engine.is_suppressed(p.id))`.as(
      'suppressor',
    ),
  ] as const;
};

/**
 * Whether a row of `bot_findings` under this alias is suppressed behind an open finding; in a circle of findings none
 * is.
 */
export const suppressed = (alias: string) => {
  const by = sql.ref(`${alias}.suppressed_by`);
  return sql<boolean>`(${by} IS NOT NULL AND engine.is_suppressed(${by}))`;
};

export interface FindingFilter {
  botId?: string | undefined;
  severity?: BotFindings['severity'] | readonly BotFindings['severity'][] | undefined;
  which: 'open' | 'resolved' | 'all';
  limit: number;
}

/** The worst first, then those seen last, each with its bot's name and why people are not told of it, if so. */
export function listFindings(db: Db, { botId, severity, which, limit }: FindingFilter) {
  let query = db
    .selectFrom('bot_findings as finding')
    .leftJoin('bots', 'bots.id', 'finding.bot_id')
    .selectAll('finding')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select(quietColumns('finding'))
    .orderBy(severityRank('finding.severity'))
    .orderBy('finding.last_seen_at', 'desc')
    .limit(limit);
  if (botId) query = query.where('finding.bot_id', '=', botId);
  if (severity) query = query.where('finding.severity', 'in', [severity].flat());
  if (which !== 'all')
    query = query.where('finding.resolved_at', which === 'open' ? 'is' : 'is not', null);
  return query.execute();
}

/**
 * The findings that a run was the first to see, and the open ones that it was the last to see. (A resolved finding
 * that it only saw again is left out: to find those, the query would read every finding that the bot ever had.) Each
 * with why people are not told of it, if so.
 */
export const findingsOfRun = (db: Db, run: { id: string; bot_id: string | null }, limit: number) =>
  db
    .selectFrom('bot_findings')
    .selectAll()
    .select(quietColumns('bot_findings'))
    .where((eb) =>
      eb.or([
        eb('execution_id', '=', run.id),
        eb.and([
          eb('bot_id', '=', run.bot_id),
          eb('resolved_at', 'is', null),
          eb('last_execution_id', '=', run.id),
        ]),
      ]),
    )
    .orderBy(severityRank('severity'))
    .orderBy('last_seen_at', 'desc')
    .limit(limit)
    .execute();
