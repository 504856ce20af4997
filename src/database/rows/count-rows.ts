import type { SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Db } from '../connect.ts';

/** More rows than this are not counted: a person does not need to know, and the answer would take long. */
const maxCounted = 10_000;

/**
 * How many rows a query without columns has, for the words after a list that shows some of them; null where there are more
 * than 10,000. It reads that many at most.
 */
export async function countRows(
  db: Db,
  rows: SelectQueryBuilder<any, any, object>,
): Promise<number | null> {
  const limited = rows.select(sql<number>`1`.as('one')).limit(maxCounted + 1);
  const { count } = await db
    .selectFrom(limited.as('limited'))
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow();
  return count > maxCounted ? null : count;
}
