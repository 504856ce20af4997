/** Groups of errors, for people. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { maxValues } from './count-errors.ts';

export interface ErrorGroup {
  id: string;
  error_type: string;
  /** the words of its most frequent template; of a flood, of a fingerprint and of a text, what they are */
  template: string;
  kind: 'mined' | 'flood' | 'fingerprint' | 'text';
  errors: string;
  /** different users who were signed in, {@link maxUsers} at most of each template */
  users: number;
  first_seen_at: Date;
  last_seen_at: Date;
  example_id: string | null;
  example: string | null;
  /** null where it is not muted, or not any more */
  muted_at: Date | null;
  muted_until: Date | null;
  muted_by: string | null;
  muted_reason: string | null;
}

export interface GroupFilter {
  type?: string | undefined;
  /** a part of a template, in any case */
  text?: string | undefined;
  /** only those that are muted, or only those that are not */
  muted?: boolean | undefined;
  since?: Date | { secondsAgo: number } | undefined;
}

export const maxUsers = maxValues.user;

const isMuted = sql<boolean>`(g.muted_at IS NOT NULL AND coalesce(g.muted_until > engine.now(), true))`;

const whileMuted = (column: string) => sql`CASE WHEN ${isMuted} THEN ${sql.ref(`g.${column}`)} END`;

const columns = sql`
  g.id, g.error_type, g.errors, g.first_seen_at, g.last_seen_at, g.example_id, g.example,
  ${whileMuted('muted_at')} AS muted_at, ${whileMuted('muted_until')} AS muted_until,
  ${whileMuted('muted_by')} AS muted_by, ${whileMuted('muted_reason')} AS muted_reason,
  t.kind, array_to_string(t.tokens, ' ') AS template,
  (SELECT count(DISTINCT f.value)::int FROM engine.error_templates u JOIN engine.error_facets f ON f.template_id = u.id
   WHERE u.group_id = g.id AND f.kind = 'user' AND f.value <> '') AS users`;

const tables = sql`
  engine.error_groups g JOIN LATERAL (
    SELECT kind, tokens FROM engine.error_templates
    WHERE group_id = g.id AND merged_into IS NULL ORDER BY errors DESC, id LIMIT 1
  ) t ON true`;

function conditions({ type, text, muted, since }: GroupFilter): RawBuilder<unknown> {
  const parts = [sql`g.merged_into IS NULL`];
  if (type !== undefined) parts.push(sql`g.error_type = ${type}`);
  if (text !== undefined)
    parts.push(sql`EXISTS (SELECT FROM engine.error_templates o WHERE o.group_id = g.id
                           AND strpos(lower(array_to_string(o.tokens, ' ')), lower(${text})) > 0)`);
  if (muted !== undefined) parts.push(muted ? isMuted : sql`NOT ${isMuted}`);
  if (since !== undefined)
    parts.push(
      since instanceof Date
        ? sql`g.last_seen_at >= ${since}`
        : sql`g.last_seen_at >= engine.now() - make_interval(secs => ${since.secondsAgo})`,
    );
  return sql.join(parts, sql` AND `);
}

/** The newest first. */
export async function listGroups(
  db: Db,
  { limit, ...filter }: GroupFilter & { limit: number },
): Promise<ErrorGroup[]> {
  const { rows } = await sql<ErrorGroup>`
    SELECT ${columns} FROM ${tables} WHERE ${conditions(filter)}
    ORDER BY g.last_seen_at DESC, g.id DESC LIMIT ${limit}`.execute(db);
  return rows;
}

export async function countGroups(db: Db, filter: GroupFilter): Promise<number> {
  const { rows } = await sql<{ groups: number }>`
    SELECT count(*)::int AS groups FROM engine.error_groups g WHERE ${conditions(filter)}`.execute(
    db,
  );
  return rows[0]!.groups;
}

/** The group of this id, or the one into which it was merged; undefined where there is none. */
export async function readGroup(db: Db, id: string): Promise<ErrorGroup | undefined> {
  const { rows } = await sql<ErrorGroup>`
    SELECT ${columns} FROM ${tables}
    WHERE g.id = (SELECT coalesce(merged_into, id) FROM engine.error_groups WHERE id = ${id}::bigint)`.execute(
    db,
  );
  return rows[0];
}

/** The group in which a row of error_logs was counted. */
export async function groupOfError(db: Db, error_id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('engine.grouped_errors as e')
    .innerJoin('engine.error_templates as t', 't.id', 'e.template_id')
    .select('t.group_id')
    .where('e.error_id', '=', error_id)
    .executeTakeFirst();
  return row?.group_id;
}

/** The group to which a template belongs; undefined where there is none of this id. */
export async function groupOfTemplate(db: Db, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('engine.error_templates')
    .select('group_id')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.group_id;
}

/** How many errors each group had in each of the last hours, the oldest first; all groups that are asked for are in it. */
export async function errorsAnHour(
  db: Db,
  ids: readonly string[],
  hours: number,
): Promise<Map<string, number[]>> {
  const { rows } = await sql<{ id: string; errors: number[] }>`
    SELECT g.id, (
      SELECT array_agg((
        SELECT coalesce(sum(c.errors), 0)::int FROM engine.error_templates t JOIN engine.error_counts c ON c.template_id = t.id
        WHERE t.group_id = g.id AND c.starts_at >= h AND c.starts_at < h + interval '1 hour'
      ) ORDER BY h)
      FROM generate_series(date_trunc('hour', engine.now()) - make_interval(hours => ${hours - 1}), engine.now(), '1 hour') h
    ) AS errors
    FROM unnest(${[...ids]}::bigint[]) AS g (id)`.execute(db);
  return new Map(rows.map(({ id, errors }) => [id, errors]));
}
