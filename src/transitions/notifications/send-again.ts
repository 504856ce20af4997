/**
 * A person has messages sent again that failed, or that wait for another try.
 *
 * From: failed or pending.
 * To: pending and due now; the retries begin anew. With one message of many that are about the same ticket the newest
 *   state is told in any case.
 * By: an operator.
 * Locks: the rows, by id.
 * Zero rows: the message was sent, or another one took its place.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

const anew = sql`status = 'pending', tries = 0, send_after = engine.now(), reason = NULL`;

export async function sendAgain(trx: Transaction<Database>, id: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_notifications SET ${anew}, gathers = false
    WHERE id = ${id} AND status IN ('failed', 'pending') RETURNING id`.execute(trx);
  return rows.length > 0;
}

/**
 * All on the channel that were due or tried; more than a few of them become one message. What waits for others, or for the
 * end of quiet hours, goes on waiting. Returns how many.
 */
export async function sendAgainOn(trx: Transaction<Database>, channel: string): Promise<number> {
  const { rows } = await sql`
    WITH waiting AS (
      SELECT id FROM bot_notifications
      WHERE channel = ${channel} AND status = 'pending' AND (tries > 0 OR send_after <= engine.now())
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE bot_notifications n SET ${anew}, gathers = (n.kind = 'ticket' AND n.sending_since IS NULL)
    FROM waiting WHERE n.id = waiting.id
    RETURNING n.id`.execute(trx);
  return rows.length;
}
