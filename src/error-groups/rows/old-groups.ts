import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { lockErrorGroups } from './cursor.ts';

/** A season: what has not been seen for so long is new when it comes again. */
const keptDays = 90;
/** How many groups one transaction looks at. */
const groupsAtOnce = 200;

/**
 * Removes groups that had no error for {@link keptDays} days, unless a person merged, split or muted them, with their templates and at
 * most `maxRows` rows of what was counted in them. Returns how many rows went; call it until it returns 0.
 */
export async function removeOldGroups(
  trx: Transaction<Database>,
  maxRows: number,
): Promise<number> {
  await lockErrorGroups(trx);
  const { rows } = await sql<{ id: string }>`
    SELECT g.id FROM engine.error_groups g
    WHERE g.merged_into IS NULL AND g.last_seen_at < engine.now() - make_interval(days => ${keptDays})
      AND NOT EXISTS (SELECT FROM engine.error_templates t WHERE t.group_id = g.id AND t.pinned)
      AND NOT EXISTS (SELECT FROM bot_findings f
                      WHERE f.check_name = 'error-groups' AND f.component_key = g.id::text AND f.resolved_at IS NULL)
    ORDER BY g.last_seen_at LIMIT ${groupsAtOnce}`.execute(trx);
  const groups = rows.map(({ id }) => id);
  if (groups.length === 0) return 0;
  const { numAffectedRows: errors } = await sql`
    DELETE FROM engine.grouped_errors WHERE ctid = ANY (ARRAY(
      SELECT e.ctid FROM engine.grouped_errors e JOIN engine.error_templates t ON t.id = e.template_id
      WHERE t.group_id = ANY (${groups}::bigint[]) LIMIT ${maxRows}))`.execute(trx);
  if (Number(errors) === maxRows) return maxRows;
  await sql`DELETE FROM engine.error_templates WHERE group_id = ANY (${groups}::bigint[])`.execute(
    trx,
  );
  const { numAffectedRows: gone } = await sql`
    DELETE FROM engine.error_groups WHERE id = ANY (${groups}::bigint[]) OR merged_into = ANY (${groups}::bigint[])`.execute(
    trx,
  );
  return Number(errors) + Number(gone);
}
