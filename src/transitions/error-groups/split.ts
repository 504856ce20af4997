/**
 * A person takes a part of a group of errors out of it: one of its templates with all that was merged into it, or the errors that
 * contain a text and come from now on. What they took out stays a group of its own.
 *
 * From: a group that is not merged, locked with its templates.
 * To: another group beside it; the templates of both are pinned.
 * By: an operator.
 * Locks: engine.error_cursor.
 * Zero rows: the template is no longer in the group: null is returned.
 */
import { sql, type Transaction } from 'kysely';
import type { ErrorCursor } from '../../error-groups/rows/cursor.ts';
import { drawIds } from '../../error-groups/rows/cursor.ts';
import { recountGroup } from '../../error-groups/rows/recount.ts';
import type { Database } from '../../database/connect.ts';
import { pinGroup } from './merge.ts';

/** Returns the id of the new group; null if the template is not in the group, or nothing else would be left there. */
export async function splitTemplate(
  trx: Transaction<Database>,
  locked: ErrorCursor,
  group: string,
  template: string,
): Promise<string | null> {
  const { rows: moved } = await sql<{ id: string }>`
    WITH RECURSIVE below AS (
      SELECT id FROM engine.error_templates WHERE id = ${template}::bigint AND group_id = ${group}::bigint
      UNION ALL
      SELECT t.id FROM engine.error_templates t JOIN below ON t.merged_into = below.id
    )
    SELECT id FROM below
    WHERE EXISTS (SELECT FROM engine.error_templates t
                  WHERE t.group_id = ${group}::bigint AND t.id NOT IN (SELECT id FROM below))`.execute(
    trx,
  );
  if (moved.length === 0) return null;
  const opened = await openGroup(trx, locked, group, template);
  const ids = moved.map(({ id }) => id);
  await trx
    .updateTable('engine.error_templates')
    .set({ group_id: opened })
    .where('id', 'in', ids)
    .execute();
  await trx
    .updateTable('engine.error_templates')
    .set({ merged_into: null })
    .where('id', '=', template)
    .execute();
  for (const each of [group, opened]) {
    await pinGroup(trx, each);
    await recountGroup(trx, each);
  }
  return opened;
}

/** Returns the id of the new group, which has no errors yet. */
export async function splitText(
  trx: Transaction<Database>,
  locked: ErrorCursor,
  group: string,
  text: string,
): Promise<string> {
  const opened = await openGroup(trx, locked, group, null);
  const id = String(BigInt(opened) + 1n);
  await sql`
    INSERT INTO engine.error_templates (id, group_id, error_type, kind, tokens, split_from, pinned, first_seen_at, last_seen_at)
    SELECT ${id}::bigint, ${opened}::bigint, error_type, 'text', ARRAY[${text}]::text[], id, true, engine.now(), engine.now()
    FROM engine.error_groups WHERE id = ${group}::bigint`.execute(trx);
  await drawIds(trx, String(BigInt(id) + 1n));
  await pinGroup(trx, group);
  return opened;
}

/** Opens a group beside another one; one that was merged into it, and began with this template, is taken out again. */
async function openGroup(
  trx: Transaction<Database>,
  { next_id }: ErrorCursor,
  beside: string,
  template: string | null,
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    UPDATE engine.error_groups SET merged_into = NULL, muted_at = NULL, muted_until = NULL, muted_by = NULL, muted_reason = NULL
    WHERE id = ${template}::bigint AND merged_into = ${beside}::bigint RETURNING id`.execute(trx);
  if (rows[0]) return rows[0].id;
  await sql`
    INSERT INTO engine.error_groups (id, error_type, first_seen_at, last_seen_at)
    SELECT ${next_id}::bigint, error_type, engine.now(), engine.now() FROM engine.error_groups WHERE id = ${beside}::bigint`.execute(
    trx,
  );
  await drawIds(trx, String(BigInt(next_id) + 1n));
  return next_id;
}
