/** What a group of errors consists of, and what its errors have in common. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface TemplateOfGroup {
  id: string;
  kind: 'mined' | 'flood' | 'fingerprint' | 'text';
  template: string;
  errors: string;
  last_seen_at: Date;
  pinned: boolean;
}

/** Its templates, those with most errors first. What merged into one of them is counted apart: it shows what was joined. */
export async function templatesOf(
  db: Db,
  group: string,
  limit: number,
): Promise<TemplateOfGroup[]> {
  const { rows } = await sql<TemplateOfGroup>`
    SELECT id, kind, array_to_string(tokens, ' ') AS template, errors, last_seen_at, pinned FROM engine.error_templates
    WHERE group_id = ${group}::bigint ORDER BY merged_into IS NOT NULL, errors DESC, id LIMIT ${limit}`.execute(
    db,
  );
  return rows;
}

/** Its templates that merged into no other one: what can be split off again, the oldest first. */
export async function ownTemplatesOf(db: Db, group: string): Promise<string[]> {
  const rows = await db
    .selectFrom('engine.error_templates')
    .select('id')
    .where('group_id', '=', group)
    .where('merged_into', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

export interface Facet {
  kind: 'user' | 'release' | 'frame';
  /** '' stands for those that are not told apart */
  value: string;
  errors: string;
  first_seen_at: Date;
  last_seen_at: Date;
}

/** Of each kind, the values with most errors. */
export async function facetsOf(db: Db, group: string, limit: number): Promise<Facet[]> {
  const { rows } = await sql<Facet>`
    SELECT kind, value, errors, first_seen_at, last_seen_at FROM (
      SELECT f.kind, f.value, sum(f.errors)::bigint AS errors, min(f.first_seen_at) AS first_seen_at, max(f.last_seen_at) AS last_seen_at,
             row_number() OVER (PARTITION BY f.kind ORDER BY f.value = '', sum(f.errors) DESC, f.value) AS place
      FROM engine.error_templates t JOIN engine.error_facets f ON f.template_id = t.id
      WHERE t.group_id = ${group}::bigint GROUP BY 1, 2
    ) ranked WHERE place <= ${limit} ORDER BY kind, place`.execute(db);
  return rows;
}

export interface NewestError {
  id: string;
  seen_at: Date;
  /** null where the row of error_logs was removed */
  error_message: string | null;
  stack_trace: string | null;
}

export async function newestErrors(db: Db, group: string, limit: number): Promise<NewestError[]> {
  const { rows } = await sql<NewestError>`
    SELECT n.error_id AS id, n.seen_at, left(e.error_message, 2000) AS error_message, left(e.stack_trace, 8000) AS stack_trace
    FROM (
      SELECT g.error_id, g.seen_at
      FROM engine.error_templates t CROSS JOIN LATERAL (
        SELECT error_id, seen_at FROM engine.grouped_errors WHERE template_id = t.id ORDER BY seen_at DESC LIMIT ${limit}
      ) g
      WHERE t.group_id = ${group}::bigint ORDER BY g.seen_at DESC, g.error_id LIMIT ${limit}
    ) n LEFT JOIN error_logs e ON e.id = n.error_id
    ORDER BY n.seen_at DESC, n.error_id`.execute(db);
  return rows;
}

/** The newest finding about the group, with its ticket. */
export async function findingOfGroup(db: Db, group: string) {
  return db
    .selectFrom('bot_findings as f')
    .leftJoin('bot_tickets as t', 't.finding_id', 'f.id')
    .select([
      'f.id',
      'f.title',
      'f.severity',
      'f.detected_at',
      'f.resolved_at',
      't.number as ticket',
    ])
    .where('f.check_name', '=', 'error-groups')
    .where('f.component_key', '=', group)
    .orderBy('f.detected_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
