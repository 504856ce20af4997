import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { rollupKinds } from './sources.ts';

/** Hours are compared with those of past weeks; days with those of last year. */
const keptHoursDays = 90;
export const keptDaysDays = 400;

/** Removes the figures that nothing reads any more, at most `maxRows` of them. Returns how many. */
export async function removeOldRollups(db: Db, maxRows: number): Promise<number> {
  const older = (period: 'hour' | 'day', days: number) => sql`
    SELECT ctid FROM engine.rollups
    WHERE kind = ANY (${rollupKinds}::text[]) AND period = ${period} AND starts_at < engine.now() - make_interval(days => ${days})`;
  const { numAffectedRows } = await sql`
    DELETE FROM engine.rollups WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM (${older('hour', keptHoursDays)} UNION ALL ${older('day', keptDaysDays)}) old LIMIT ${maxRows}))`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}
