/**
 * A person asks to send messages again that failed, or that wait for another try.
 *
 * From: failed or pending.
 * To: pending and due now; the retries begin anew. A message always tells the newest state of its ticket, even if an older one
 *   of several about the ticket is sent again.
 * By: an operator.
 * Locks: the rows, by id.
 * Zero rows: the message was sent, or another one took its place.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

const dueAnew = sql`status = 'pending', tries = 0, send_after = engine.now(), reason = NULL`;

/** False for zero rows. */
export async function sendAgain(trx: Transaction<Database>, id: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE bot_notifications SET ${dueAnew}, gathers = false
    WHERE id = ${id} AND status IN ('failed', 'pending') RETURNING id`.execute(trx);
  return rows.length > 0;
}

/**
 * Sends all messages of the channel again that are due or were tried; more than three of them become one message (`gather.ts`).
 * Messages that wait for others, or for the end of quiet hours, go on waiting. Returns how many are sent again.
 */
export async function sendAgainOn(trx: Transaction<Database>, channel: string): Promise<number> {
  const { rows } = await sql`
    WITH waiting AS (
      SELECT id FROM bot_notifications
      WHERE channel = ${channel} AND status = 'pending' AND (tries > 0 OR send_after <= engine.now())
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE bot_notifications n SET ${dueAnew}, gathers = (n.kind = 'ticket' AND n.sending_since IS NULL)
    FROM waiting WHERE n.id = waiting.id
    RETURNING n.id`.execute(trx);
  return rows.length;
}
