/**
 * Corrects rows with a year that is too late. Dates in the log named no year, and only the end of the log shows which year
 * it is; these rows were written before the end was read.
 */
import type pg from 'pg';
import type { Tally } from './tally.ts';
import type { Years } from './reading/years.ts';
import type { Zone } from './reading/zone.ts';

/** A condition for the rows that this transaction has written, without those that got the present time ($1). */
const isOfImport =
  'xmin = pg_current_xact_id()::xid AND created_at IS DISTINCT FROM $1::timestamptz';

/**
 * Moves the rows that this transaction has written into `table` back by so many years that the last of them is not in the
 * future, and then each row that still is. The hour on the clocks of `zone` stays. Corrects the tally's times.
 */
export async function correctYears(
  client: pg.PoolClient,
  table: string,
  {
    years,
    tally,
    zone,
    now,
  }: { years: Years; tally: Tally; zone: { name: string; zone: Zone }; now: number },
): Promise<void> {
  const untimedAt = tally.untimed > 0 ? new Date(now).toISOString() : null;
  // As the name of a zone, +02:00 would mean the opposite to PostgreSQL (POSIX); as an interval it does not.
  const isNamed = zone.zone.second !== undefined;
  const clock = isNamed ? zone.name : `${-zone.zone(0)} milliseconds`;
  const movedBack = (years: string) => {
    const wall = `AT TIME ZONE $2::${isNamed ? 'text' : 'interval'}`;
    return `UPDATE ${table} SET created_at = ((created_at ${wall}) - make_interval(years => ${years})) ${wall} WHERE ${isOfImport}`;
  };
  if (years.yearsAhead > 0)
    await client.query(movedBack('$3::int'), [untimedAt, clock, years.yearsAhead]);
  await client.query(
    `${movedBack('extract(year FROM age(created_at, $3::timestamptz))::int + 1')} AND created_at > $3::timestamptz`,
    [untimedAt, clock, new Date(years.limit).toISOString()],
  );
  const { rows } = await client.query<{ oldest: Date; newest: Date }>(
    `SELECT min(created_at) AS oldest, max(created_at) AS newest FROM ${table} WHERE ${isOfImport}`,
    [untimedAt],
  );
  tally.oldest = rows[0]!.oldest.getTime();
  tally.newest = rows[0]!.newest.getTime();
}
