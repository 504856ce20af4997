import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { keptDays } from './old-counts.ts';

/** The rows after this id, in the order of ids. */
export const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * Looks at `maxRows` counted errors from `after` on, and removes those that are no longer in error_logs: without this, a group that
 * never ends would keep a row of each of its errors for ever. The counts of groups and templates stay. It keeps those that error-watch
 * may still count one by one. `next` is where to go on; null at the end.
 */
export async function removeGoneErrors(
  trx: Transaction<Database>,
  { after, maxRows }: { after: string; maxRows: number },
): Promise<{ removed: number; next: string | null }> {
  const { rows } = await sql<{ removed: number; next: string | null }>`
    WITH page AS MATERIALIZED (
      SELECT error_id, seen_at FROM engine.grouped_errors WHERE error_id > ${after}::uuid ORDER BY error_id LIMIT ${maxRows}
    ), gone AS (
      DELETE FROM engine.grouped_errors g USING page
      WHERE g.error_id = page.error_id AND page.seen_at < engine.now() - make_interval(days => ${keptDays})
        AND NOT EXISTS (SELECT FROM error_logs e WHERE e.id = page.error_id)
      RETURNING 1
    )
    SELECT (SELECT count(*)::int FROM gone) AS removed,
           (SELECT error_id FROM page ORDER BY error_id OFFSET ${maxRows - 1} LIMIT 1) AS next`.execute(
    trx,
  );
  return rows[0]!;
}
