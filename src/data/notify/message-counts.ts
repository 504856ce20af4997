/** How many messages were sent, failed or wait, and which channels are off. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { isInSettings } from './channels.ts';

export interface MessageCounts {
  /** whether channels and routes are set up at all */
  set_up: boolean;
  /** of the messages of the last 24 hours; failed ones only of channels that the settings have */
  sent: number;
  failed: number;
  pending: number;
  /** when the oldest of those that wait was made; null if none waits */
  pending_since: Date | null;
  /** channels of the settings that are off; `since` of the one that is longest off */
  off: number;
  off_since: Date | null;
  first_off: string | null;
}

export async function countMessages(db: Db): Promise<MessageCounts> {
  const { rows } = await sql<MessageCounts>`
    SELECT EXISTS (SELECT FROM engine.settings WHERE key = 'notifications') AS set_up, m.*, w.*, o.*
    FROM (SELECT count(*) FILTER (WHERE n.status = 'sent')::int AS sent,
                 count(*) FILTER (WHERE n.status = 'failed' AND ${isInSettings('n.channel')})::int AS failed
          FROM bot_notifications n WHERE n.created_at > engine.now() - interval '24 hours') m,
         (SELECT count(*)::int AS pending, min(created_at) AS pending_since FROM bot_notifications WHERE status = 'pending') w,
         (SELECT count(*)::int AS off, min(off_since) AS off_since, (array_agg(name ORDER BY off_since, name))[1] AS first_off
          FROM engine.channels c WHERE off_since IS NOT NULL AND ${isInSettings('c.name')}) o`.execute(
    db,
  );
  return rows[0]!;
}
