/** Names and ids that begin with what a person has typed: a shell shows them when the person presses Tab. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A name, and a text such as a title that distinguishes it from others; both may be another person's text. */
export interface Name {
  name: string;
  about: string;
}

type Find = (prefix: string) => RawBuilder<Name>;

/** No person reads a longer list in a shell. */
const maxNames = 100;

/** Finds the names in one column. */
const column =
  (table: string, name: string, about: RawBuilder<unknown> = sql`''`, where = sql`true`): Find =>
  (prefix) =>
    sql`SELECT DISTINCT ${sql.ref(name)}::text AS name, ${about} AS about FROM ${sql.table(table)}
        WHERE ${sql.ref(name)} IS NOT NULL AND starts_with(${sql.ref(name)}::text, ${prefix}) AND ${where}
        ORDER BY 1 LIMIT ${sql.lit(maxNames)}`;

/** Finds the first eight digits of ids, which name a row; the newest first. */
const ids =
  (table: string, about: RawBuilder<unknown>, timeColumn: string, where = sql`true`): Find =>
  (prefix) =>
    sql`SELECT left(id::text, 8) AS name, ${about} AS about FROM ${sql.table(table)}
        WHERE starts_with(id::text, lower(${prefix})) AND ${where}
        ORDER BY ${sql.ref(timeColumn)} DESC NULLS LAST LIMIT ${sql.lit(maxNames)}`;

const tickets: Find = (prefix) => sql`
  SELECT 'T-' || number AS name, title AS about FROM bot_tickets
  WHERE starts_with('T-' || number, upper(${prefix})) OR (${prefix} <> '' AND starts_with(number::text, ${prefix}))
  ORDER BY status IN ('open', 'assigned') DESC, number DESC LIMIT ${sql.lit(maxNames)}`;

const channels: Find = (prefix) => sql`
  SELECT name, CASE WHEN off_since IS NULL THEN '' ELSE 'off' END AS about FROM engine.channels
  WHERE starts_with(name, ${prefix}) ORDER BY name LIMIT ${sql.lit(maxNames)}`;

const groups: Find = (begin) => sql`
  SELECT g.id::text AS name, left(concat_ws(': ', nullif(g.error_type, ''), (
    SELECT CASE WHEN t.kind = 'flood' THEN 'flood' ELSE array_to_string(t.tokens, ' ') END FROM engine.error_templates t
    WHERE t.group_id = g.id AND t.merged_into IS NULL ORDER BY t.errors DESC LIMIT 1)), 80) AS about
  FROM engine.error_groups g WHERE g.merged_into IS NULL AND starts_with(g.id::text, ${begin})
  ORDER BY g.last_seen_at DESC LIMIT ${sql.lit(maxNames)}`;

const finds = {
  bot: column('bots', 'name', sql`coalesce(display_name, '')`),
  source: column(
    'bots',
    'name',
    sql`coalesce(display_name, '')`,
    sql`api_endpoint LIKE 'in:%' AND removed_at IS NULL`,
  ),
  ticket: tickets,
  knowledge: column('bot_knowledge', 'name', sql`category`),
  component: column('bot_findings', 'affected_component', sql`''`, sql`resolved_at IS NULL`),
  category: column('bot_findings', 'category'),
  person: column('bot_tickets', 'assigned_to'),
  channel: channels,
  job: column('engine.jobs', 'name'),
  'job-run': ids(
    'engine.job_runs',
    sql`job || ' ' || status`,
    'queued_at',
    sql`status IN ('queued', 'running')`,
  ),
  secret: column('engine.secrets', 'name'),
  run: ids('bot_executions', sql`status::text`, 'started_at'),
  group: groups,
  finding: ids('bot_findings', sql`title`, 'last_seen_at', sql`resolved_at IS NULL`),
  action: ids('bot_actions', sql`action_description`, 'taken_at'),
  silence: ids('bot_silences', sql`reason`, 'created_at', sql`ended_at IS NULL`),
  window: ids('bot_maintenance', sql`reason`, 'created_at', sql`ended_at IS NULL`),
} satisfies Record<string, Find>;

export type NameKind = keyof typeof finds;

/** The names of this kind that begin with `prefix`, a hundred at most. */
export async function namesThatBegin(db: Db, kind: NameKind, prefix: string): Promise<Name[]> {
  const { rows } = await finds[kind](prefix.slice(0, 255)).execute(db);
  return rows;
}
