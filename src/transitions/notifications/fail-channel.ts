/**
 * Messages that wait for a channel which the settings do not have any more are not sent.
 *
 * From: pending.
 * To: failed, with the reason.
 * By: a person who removes the channel from the settings; or the job deliver, which finds the channel gone.
 * Locks: pending rows of the channel, by id.
 * Zero rows: nothing waits.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** Returns how many there were. */
export async function failChannel(
  trx: Transaction<Database>,
  channel: string,
  reason: string,
): Promise<number> {
  const { rows } = await sql`
    WITH waiting AS (
      SELECT id FROM bot_notifications WHERE channel = ${channel} AND status = 'pending'
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE bot_notifications n SET status = 'failed', reason = ${reason}, gathers = false
    FROM waiting WHERE n.id = waiting.id RETURNING n.id`.execute(trx);
  return rows.length;
}
