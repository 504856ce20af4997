/** Whether people are told of tickets, as rows show. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface Telling {
  /** whether channels and routes are set up at all */
  set_up: boolean;
  /** of the last 24 hours */
  sent: number;
  failed: number;
  pending: number;
  /** channels that are off; `since` of the one that is longest off */
  off: number;
  off_since: Date | null;
  first_off: string | null;
}

export async function tellingOf(db: Db): Promise<Telling> {
  const { rows } = await sql<Telling>`
    SELECT EXISTS (SELECT FROM engine.settings WHERE key = 'notifications') AS set_up, m.*, w.*, o.*
    FROM (SELECT count(*) FILTER (WHERE status = 'sent')::int AS sent, count(*) FILTER (WHERE status = 'failed')::int AS failed
          FROM bot_notifications WHERE created_at > engine.now() - interval '24 hours') m,
         (SELECT count(*)::int AS pending FROM bot_notifications WHERE status = 'pending') w,
         (SELECT count(*)::int AS off, min(off_since) AS off_since, (array_agg(name ORDER BY off_since, name))[1] AS first_off
          FROM engine.channels WHERE off_since IS NOT NULL) o`.execute(db);
  return rows[0]!;
}
