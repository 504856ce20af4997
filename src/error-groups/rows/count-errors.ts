/** Counts errors into their groups: one statement for a batch. */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { exampleOf } from './open-templates.ts';

export interface CountedError {
  id: string;
  template_id: string;
  seen_at: Date;
  error_message: string;
  user_id: string | null;
  release: string | null;
  frame: string | null;
}

/** How many values of each kind a template has. What comes later is counted as '', the others. */
export const maxValues = { user: 100, release: 20, frame: 20 } as const;
const maxValueLength = 200;

/** Counts are kept by spans of this length. */
export const spanMinutes = 10;

const remembered = sql`
  INSERT INTO engine.grouped_errors (error_id, template_id, seen_at) SELECT id, template_id, seen_at FROM given`;

const countedBySpan = sql`
  INSERT INTO engine.error_counts AS c (template_id, starts_at, errors)
  SELECT template_id, date_bin(make_interval(mins => ${sql.lit(spanMinutes)}), seen_at, '2000-01-01Z'), count(*) FROM given GROUP BY 1, 2
  ON CONFLICT (template_id, starts_at) DO UPDATE SET errors = c.errors + excluded.errors`;

const countedByTemplate = sql`
  UPDATE engine.error_templates t SET
    errors = t.errors + n.errors,
    first_seen_at = least(t.first_seen_at, n.first),
    last_seen_at = greatest(t.last_seen_at, n.last)
  FROM (SELECT template_id, count(*) AS errors, min(seen_at) AS first, max(seen_at) AS last FROM given GROUP BY 1) n
  WHERE t.id = n.template_id`;

const countedByGroup = sql`
  UPDATE engine.error_groups g SET
    errors = g.errors + n.errors,
    first_seen_at = least(g.first_seen_at, n.first),
    last_seen_at = greatest(g.last_seen_at, n.last),
    example_id = CASE WHEN n.last >= g.last_seen_at OR g.example_id IS NULL THEN n.example_id ELSE g.example_id END,
    example = CASE WHEN n.last >= g.last_seen_at OR g.example_id IS NULL THEN n.example ELSE g.example END
  FROM (SELECT t.group_id, count(*) AS errors, min(seen_at) AS first, max(seen_at) AS last,
               (array_agg(given.id ORDER BY seen_at DESC))[1] AS example_id,
               (array_agg(example ORDER BY seen_at DESC))[1] AS example
        FROM given JOIN engine.error_templates t ON t.id = given.template_id GROUP BY 1) n
  WHERE g.id = n.group_id`;

/** The most frequent of the new values are known first; those beyond the bound are counted together. */
const countedByValue = (kind: keyof typeof maxValues, value: RawBuilder<unknown>) => sql`
  INSERT INTO engine.error_facets AS f (template_id, kind, value, errors, first_seen_at, last_seen_at)
  SELECT template_id, ${sql.lit(kind)}, CASE WHEN is_known OR place <= ${sql.lit(maxValues[kind])} THEN value ELSE '' END,
         sum(errors), min(first), max(last)
  FROM (
    SELECT n.*, o.template_id IS NOT NULL AS is_known,
           row_number() OVER (PARTITION BY n.template_id, o.template_id IS NOT NULL ORDER BY n.errors DESC, n.value)
             + (SELECT count(*) FROM engine.error_facets k WHERE k.template_id = n.template_id AND k.kind = ${sql.lit(kind)} AND k.value <> '')
             AS place
    FROM (SELECT template_id, left(${value}, ${sql.lit(maxValueLength)}) AS value, count(*) AS errors, min(seen_at) AS first, max(seen_at) AS last
          FROM given WHERE ${value} <> '' GROUP BY 1, 2) n
    LEFT JOIN engine.error_facets o ON o.template_id = n.template_id AND o.kind = ${sql.lit(kind)} AND o.value = n.value
  ) placed
  GROUP BY 1, 2, 3
  ON CONFLICT (template_id, kind, value) DO UPDATE SET
    errors = f.errors + excluded.errors,
    first_seen_at = least(f.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at)`;

/** Each error is one that was not counted before, and its template is stored. Only for who has locked the groups. */
export async function countErrors(
  trx: Transaction<Database>,
  errors: readonly CountedError[],
): Promise<void> {
  if (errors.length === 0) return;
  const rows = errors.map((error) => ({
    id: error.id,
    template_id: error.template_id,
    seen_at: error.seen_at,
    user_id: error.user_id,
    release: error.release,
    frame: error.frame,
    example: exampleOf(error.error_message),
  }));
  await sql`
    WITH given AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (
        id uuid, template_id bigint, seen_at timestamptz, example text, user_id text, release text, frame text)
    ), remembered AS (${remembered}), spans AS (${countedBySpan}), templates AS (${countedByTemplate}),
    users AS (${countedByValue('user', sql.ref('user_id'))}), releases AS (${countedByValue('release', sql.ref('release'))}),
    frames AS (${countedByValue('frame', sql.ref('frame'))})
    ${countedByGroup}`.execute(trx);
}
