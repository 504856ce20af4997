/**
 * Pages of a list, newest first, by the key (created_at, id), or another time in place of created_at. Each page costs
 * the same, however far back it is. Rows that are added between two pages cause neither repeated nor missing rows.
 */
import { sql, type RawBuilder } from 'kysely';
import { BadInputError, object, wholeNumber } from './faults/bad-input.ts';

export interface PageRequest {
  /** rows at most, 1 to 200; 50 by default */
  limit?: number | undefined;
  /** `next` of the page before; without it the newest rows */
  cursor?: string | undefined;
}

export interface Page<Row> {
  rows: Row[];
  /** the cursor of the next page; null after the last row */
  next: string | null;
}

/** The key of the last row of a page. `at` is null in rows where a client wrote NULL: DESC puts those rows first. */
interface Key {
  at: string | null;
  id: string;
}

const keyPattern =
  /^(?<at>\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z( BC)?|-?infinity|) (?<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** JavaScript turns 31 February into a day in March; PostgreSQL refuses it, and the year 0 as well. */
function isRealTime(at: string): boolean {
  const [, years, rest, isBefore] = /^(\d+)(-.*Z)( BC)?$/.exec(at) ?? [];
  if (!years || !rest) return true;
  const year = Number(years);
  // A Date ends before PostgreSQL's times do. The calendar repeats itself every 400 years.
  const sameCalendarYear = 2_000 + ((isBefore ? 1 - year : year) % 400);
  const time = new Date(`${sameCalendarYear}${rest}`);
  return (
    (isBefore ? year > 0 && year <= 4713 : year > 0 && year <= 294_276) &&
    !Number.isNaN(time.getTime()) &&
    time.toISOString().slice(4, 19) === rest.slice(0, 15)
  );
}

function readKey(cursor: string): Key {
  const groups = keyPattern.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.groups;
  if (!groups || (groups.at && !isRealTime(groups.at)))
    throw new BadInputError('cursor', 'has to be the `next` of a page');
  return { at: groups.at || null, id: groups.id! };
}

/** The parts of a query for one page. `table` is the query's name for the table with the two columns. */
export function keyset(request: PageRequest, table: string, time = 'created_at') {
  const { limit = 50, cursor } = object('request', request);
  const size = wholeNumber('limit', limit, 1, 200);
  if (cursor !== undefined && typeof cursor !== 'string')
    throw new BadInputError('cursor', 'has to be the `next` of a page');
  const from = cursor === undefined ? null : readKey(cursor);
  const at = sql.ref(`${table}.${time}`);
  const id = sql.ref(`${table}.id`);
  return {
    after: afterKey(from, at, id),
    order: sql`${at} DESC, ${id} DESC`,
    /** With the microseconds that a Date loses, and independent of the session's time zone and date style. */
    at: sql<string>`coalesce(CASE WHEN NOT isfinite(${at}) THEN ${at}::text
      ELSE to_char(${at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || CASE WHEN ${at} < '0001-01-01 00:00:00Z' THEN ' BC' ELSE '' END END, '')`,
    /** One row more than the page holds shows whether there is a next page. */
    take: size + 1,
    page<Row extends { id: string; at: string }>(found: Row[]): Page<Omit<Row, 'at'>> {
      const rows = found.slice(0, size);
      const last = found.length > size ? rows.at(-1)! : null;
      return {
        rows: rows.map(({ at: _at, ...row }) => row),
        next: last && Buffer.from(`${last.at} ${last.id}`, 'latin1').toString('base64url'),
      };
    },
  };
}

function afterKey(from: Key | null, at: RawBuilder<unknown>, id: RawBuilder<unknown>) {
  if (!from) return sql<boolean>`true`;
  if (from.at === null) return sql<boolean>`(${at} IS NOT NULL OR ${id} < ${from.id}::uuid)`;
  return sql<boolean>`(${at}, ${id}) < (${from.at}::timestamptz, ${from.id}::uuid)`;
}
