/** Stores what was opened, merged and changed while errors got their templates. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { joinGroups } from './join-groups.ts';
import type { ErrorTemplate } from './templates.ts';

/** The error that opened a group, until newer ones are counted. */
export interface FirstError {
  id: string;
  error_message: string;
  seen_at: Date;
}

/** How many characters of a message are kept as a group's example. */
export const maxExample = 2_000;

export const exampleOf = (error_message: string): string =>
  error_message.slice(0, maxExample).toWellFormed();

/**
 * `opened`: each has the id of its group; where that is its own, the group is opened as well. `first` is the error that
 * opened the template. Only for who has locked the groups.
 */
export async function openTemplates(
  trx: Transaction<Database>,
  opened: readonly (Readonly<ErrorTemplate> & { first: FirstError })[],
): Promise<void> {
  if (opened.length === 0) return;
  const rows = opened.map(({ first, ...template }) => ({
    ...template,
    seen_at: first.seen_at,
    example_id: first.id,
    example: exampleOf(first.error_message),
  }));
  await sql`
    WITH given AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (
        id bigint, group_id bigint, error_type text, kind text, tokens text[], split_from bigint, merged_into bigint, pinned boolean,
        seen_at timestamptz, example_id uuid, example text)
    ), groups AS (
      INSERT INTO engine.error_groups (id, error_type, first_seen_at, last_seen_at, example_id, example)
      SELECT id, error_type, seen_at, seen_at, example_id, example FROM given WHERE id = group_id
    )
    INSERT INTO engine.error_templates
      (id, group_id, error_type, kind, tokens, split_from, merged_into, pinned, first_seen_at, last_seen_at)
    SELECT id, group_id, error_type, kind, tokens, split_from, merged_into, pinned, seen_at, seen_at FROM given`.execute(
    trx,
  );
}

/** Makes aliases of templates that were there before; where their groups differ, they become one, the older. */
export async function mergeTemplates(
  trx: Transaction<Database>,
  merged: readonly { from: string; into: string }[],
): Promise<void> {
  for (const { from, into } of merged) {
    const { rows } = await sql<{ from: string; into: string }>`
      UPDATE engine.error_templates f SET merged_into = i.id FROM engine.error_templates i
      WHERE f.id = ${from}::bigint AND i.id = ${into}::bigint
      RETURNING f.group_id AS "from", i.group_id AS into`.execute(trx);
    await joinGroups(trx, rows[0]!.from, rows[0]!.into);
  }
}

export async function changeTokens(
  trx: Transaction<Database>,
  changed: readonly { id: string; tokens: readonly string[] }[],
): Promise<void> {
  if (changed.length === 0) return;
  await sql`
    UPDATE engine.error_templates t SET tokens = r.tokens
    FROM jsonb_to_recordset(${JSON.stringify(changed)}::jsonb) AS r (id bigint, tokens text[])
    WHERE t.id = r.id`.execute(trx);
}
