import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A week is compared with the hour at its end, and an hour's spans are its last. */
export const keptDays = 8;

/** Removes counts that nothing reads any more, at most `maxRows` of them. Returns how many. */
export async function removeOldCounts(db: Db, maxRows: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM engine.error_counts WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM engine.error_counts WHERE starts_at < engine.now() - make_interval(days => ${keptDays}) LIMIT ${maxRows}))`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}
