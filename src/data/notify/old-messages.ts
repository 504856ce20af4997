/** Removes messages that are not needed any more, so that `bot_notifications` stays bounded. */
import { sql } from 'kysely';
import { anyReason, type Reason } from '../retention/retained-table.ts';
import type { Db } from '../../database/connect.ts';

/** How many rows one statement looks at; the next one looks at those that were made after them. */
const maxRows = 5_000;

export interface RemovedMessages {
  removed: number;
  /** where the next statement begins; null when all old messages were looked at */
  next: string | null;
}

/**
 * Removes messages that were made more than `days` ago, after the position `from`. Messages that wait stay, and so do those about
 * a ticket that is not closed: `notify explain` shows them, a mail answers them, and Slack edits them. A message about many
 * tickets is removed after the messages that it replaced. `foreign`: why messages stay because of tables that the product does not know.
 */
export async function removeOldMessages(
  db: Db,
  { days, from, foreign = [] }: { days: number; from: string; foreign?: readonly Reason[] },
): Promise<RemovedMessages> {
  const { rows } = await sql<RemovedMessages & { seen: number }>`
    WITH looked_at AS MATERIALIZED (
      SELECT n.id, n.position, n.status, n.ticket_id FROM bot_notifications n
      WHERE n.position > ${from}::bigint AND n.created_at < engine.now() - make_interval(days => ${days}::int)
      ORDER BY n.position LIMIT ${maxRows}
    ), gone AS (
      DELETE FROM bot_notifications WHERE id IN (
        SELECT n.id FROM bot_notifications n JOIN looked_at l ON l.id = n.id
        WHERE n.status <> 'pending' AND CASE
          WHEN l.ticket_id IS NULL THEN NOT EXISTS (SELECT FROM bot_notifications m WHERE m.superseded_by = l.id)
          ELSE EXISTS (SELECT FROM bot_tickets t WHERE t.id = l.ticket_id AND t.status = 'closed') END
        AND NOT EXISTS (SELECT FROM bot_notifications t WHERE t.id = l.id AND (${anyReason(foreign)}))
        -- Locks bot_notifications by id; rows that others hold are skipped.
        ORDER BY n.id FOR UPDATE OF n SKIP LOCKED)
      RETURNING id
    )
    SELECT (SELECT count(*)::int FROM gone) AS removed, (SELECT max(position)::text FROM looked_at) AS next,
           (SELECT count(*)::int FROM looked_at) AS seen`.execute(db);
  const { removed, next, seen } = rows[0]!;
  return { removed, next: seen === maxRows ? next : null };
}
