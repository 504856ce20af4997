/** The kinds of definitions that have a history, and where the present definition of each stands. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { EngineDefinitionChanges } from '../../database/tables.ts';

export type DefinitionKind = EngineDefinitionChanges['kind'];

/** The columns of a definition: all of them, and only those that have a history. */
export type Definition = Record<string, unknown>;

/** For each kind, `definition` and `row`, with more columns than a definition has. */
const present = {
  bot: sql`SELECT id::text AS definition, to_jsonb(b) AS row FROM bots b`,
  knowledge: sql`SELECT id::text AS definition, to_jsonb(k) AS row FROM bot_knowledge k`,
  silence: sql`SELECT id::text AS definition, to_jsonb(s) AS row FROM bot_silences s`,
  policy: sql`SELECT 'policy' AS definition, jsonb_build_object('policy', policy) AS row
    FROM engine.policies WHERE version = engine.current_policy()`,
  notifications: sql`SELECT key AS definition, jsonb_build_object('value', value) AS row
    FROM engine.settings WHERE key = 'notifications' AND value <> 'null'`,
  limit: sql`SELECT l.key AS definition, jsonb_build_object('value', l.value) AS row
    FROM engine.settings s, jsonb_each(CASE jsonb_typeof(s.value) WHEN 'object' THEN s.value ELSE '{}' END) l
    WHERE s.key IN ('healing', 'budget') AND l.value <> 'null'`,
  setting: sql`SELECT key AS definition, jsonb_build_object('value', value) AS row
    FROM engine.settings WHERE value <> 'null'`,
} satisfies Record<DefinitionKind, unknown>;

/** The columns of each kind whose definition is a row; the triggers of the tables name the same. */
const columns: Partial<Record<DefinitionKind, readonly string[]>> = {
  bot: (
    'name display_name description schedule_cron timezone api_endpoint config catch_up catch_up_limit grace_seconds overlap ' +
    'concurrency jitter_seconds timeout_seconds max_attempts priority confirm clear status status_reason removed_at'
  ).split(' '),
  knowledge:
    'name category issue_pattern solution half_life_days autonomy enabled removed_at'.split(' '),
  silence:
    'bot_id component category fingerprint owner reason until_resolved expires_at ended_at'.split(
      ' ',
    ),
};

const definitionIn = (kind: DefinitionKind, row: Definition): Definition => {
  const named = columns[kind];
  return named ? Object.fromEntries(named.map((column) => [column, row[column] ?? null])) : row;
};

/** The definitions of these ids or names as they are now; those that are gone are left out. Times are texts, as in JSON. */
export async function presentDefinitions(
  db: Db,
  kind: DefinitionKind,
  definitions: readonly string[],
): Promise<Map<string, Definition>> {
  if (definitions.length === 0) return new Map();
  const { rows } = await sql<{ definition: string; row: Definition }>`
    SELECT p.definition, p.row FROM (${present[kind]}) p WHERE p.definition = ANY (${definitions}::text[])`.execute(
    db,
  );
  return new Map(rows.map(({ definition, row }) => [definition, definitionIn(kind, row)]));
}
