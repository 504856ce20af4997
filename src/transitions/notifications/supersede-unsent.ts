/**
 * Messages for a channel that is no longer in the settings are not sent, and none of them needs a person.
 *
 * From: pending or failed.
 * To: superseded, with the reason; a failed message keeps its own reason before it. A message that was being sent meanwhile and
 *   arrives becomes sent all the same.
 * By: a person who removes the channel from the settings; or the job `deliver` or the timer that settles, if they find that the
 *   channel is gone.
 * Locks: pending and failed rows of the channel, by id.
 * Zero rows: nothing waits, and none has failed.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** Returns how many of them waited. */
export async function supersedeUnsent(
  trx: Transaction<Database>,
  channel: string,
  reason: string,
): Promise<number> {
  const { rows } = await sql<{ waited: boolean }>`
    WITH left_over AS (
      SELECT id, status FROM bot_notifications WHERE channel = ${channel} AND status IN ('pending', 'failed')
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE bot_notifications n
    SET status = 'superseded', gathers = false,
        reason = concat_ws('; ', CASE WHEN l.status = 'failed' THEN n.reason END, ${reason}::text)
    FROM left_over l WHERE n.id = l.id RETURNING l.status = 'pending' AS waited`.execute(trx);
  return rows.filter(({ waited }) => waited).length;
}
