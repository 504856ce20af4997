/** Rows that were written with a later year than the end of their log shows, before the end was read. */
import type pg from 'pg';
import type { Tally } from './tally.ts';
import type { Years } from './reading/years.ts';
import type { Zone } from './reading/zone.ts';

/** The rows of this import: those that this transaction has written, without those that got the present time. */
const ofImport = 'xmin = pg_current_xact_id()::xid AND created_at IS DISTINCT FROM $1::timestamptz';

/**
 * Moves the rows that this transaction has written into `table` to the years in which the last of them is not in the
 * future, and single ones that still are. The hour on the clocks of `zone` stays. Corrects the tally's times.
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
  // PostgreSQL reads the sign of +02:00 the other way round, but not that of an interval.
  const isNamed = zone.zone.second !== undefined;
  const clock = isNamed ? zone.name : `${-zone.zone(0)} milliseconds`;
  const moved = (years: string) => {
    const wall = `AT TIME ZONE $2::${isNamed ? 'text' : 'interval'}`;
    return `UPDATE ${table} SET created_at = ((created_at ${wall}) - make_interval(years => ${years})) ${wall} WHERE ${ofImport}`;
  };
  if (years.yearsAhead > 0)
    await client.query(moved('$3::int'), [untimedAt, clock, years.yearsAhead]);
  await client.query(
    `${moved('extract(year FROM age(created_at, $3::timestamptz))::int + 1')} AND created_at > $3::timestamptz`,
    [untimedAt, clock, new Date(years.limit).toISOString()],
  );
  const { rows } = await client.query<{ oldest: Date; newest: Date }>(
    `SELECT min(created_at) AS oldest, max(created_at) AS newest FROM ${table} WHERE ${ofImport}`,
    [untimedAt],
  );
  tally.oldest = rows[0]!.oldest.getTime();
  tally.newest = rows[0]!.newest.getTime();
}
