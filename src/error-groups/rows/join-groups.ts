import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/**
 * Makes one group of two: `into` stands for both and gets the templates of `from`, and what was split off from it or merged into it.
 * Only for who has locked the groups. It changes nothing where both are the same.
 */
export async function joinGroups(
  trx: Transaction<Database>,
  from: string,
  into: string,
): Promise<void> {
  if (from === into) return;
  await sql`
    -- A template may be in the group and split off from it at once; of two updates of one row PostgreSQL does only one.
    WITH templates AS (
      UPDATE engine.error_templates SET
        group_id = CASE group_id WHEN ${from}::bigint THEN ${into}::bigint ELSE group_id END,
        split_from = CASE split_from WHEN ${from}::bigint THEN ${into}::bigint ELSE split_from END
      WHERE group_id = ${from}::bigint OR split_from = ${from}::bigint
    ), joined AS (
      UPDATE engine.error_groups SET merged_into = ${into}::bigint
      WHERE id = ${from}::bigint OR merged_into = ${from}::bigint
    )
    UPDATE engine.error_groups g SET
      errors = g.errors + f.errors,
      first_seen_at = least(g.first_seen_at, f.first_seen_at),
      last_seen_at = greatest(g.last_seen_at, f.last_seen_at),
      example_id = CASE WHEN f.last_seen_at > g.last_seen_at THEN f.example_id ELSE g.example_id END,
      example = CASE WHEN f.last_seen_at > g.last_seen_at THEN f.example ELSE g.example END
    FROM engine.error_groups f
    WHERE g.id = ${into}::bigint AND f.id = ${from}::bigint`.execute(trx);
}
