import { sql, type Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';
import type { QuietHours } from '../settings/schema.ts';

/**
 * When the present quiet hours end, by the clock of their zone; null where there are none now. An hour that the zone's
 * clock skips or repeats is as long as that clock makes it.
 */
export async function quietUntil(
  db: Kysely<Database>,
  quiet: QuietHours | undefined,
): Promise<Date | null> {
  if (!quiet || quiet.from === quiet.to) return null;
  const { from, to, timezone } = quiet;
  const { rows } = await sql<{ until: Date | null }>`
    SELECT CASE WHEN CASE WHEN q.first <= q.last THEN l.at::time >= q.first AND l.at::time < q.last
                          ELSE l.at::time >= q.first OR l.at::time < q.last END
             THEN ((l.at::date + (l.at::time >= q.first AND q.first > q.last)::int) + q.last) AT TIME ZONE ${timezone}::text END
           AS until
    FROM (SELECT engine.now() AT TIME ZONE ${timezone}::text AS at) l,
         (SELECT ${from}::time AS first, ${to}::time AS last) q`.execute(db);
  return rows[0]!.until;
}
