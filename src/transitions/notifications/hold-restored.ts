/**
 * A backup was restored: messages that were not sent when it was made may have been sent since. A person decides whether they are
 * sent (`notify retry`).
 *
 * From: pending; events of tickets of which no message was made.
 * To: failed, with the reason `restored`; such events are routed, with the reason `restored`.
 * By: whoever restores a backup (`db restore`), before the restored database is seen by any other session.
 * Locks: bot_notifications by id, then bot_ticket_events.
 * Zero rows: nothing waited.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** How many messages it holds back. */
export async function holdRestored(db: Db): Promise<number> {
  const { rows } = await sql`
    WITH unsent AS (
      -- Locks bot_notifications by id.
      SELECT id FROM bot_notifications WHERE status = 'pending' ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE bot_notifications n
    SET status = 'failed', reason = 'restored', sending_since = NULL,
        error_message = 'held back: the database was restored from a backup, and the message may have been sent since'
    FROM unsent WHERE n.id = unsent.id
    RETURNING n.id`.execute(db);
  await sql`
    UPDATE bot_ticket_events SET routed_at = engine.now(), unsent_reason = 'restored'
    WHERE routed_at IS NULL`.execute(db);
  return rows.length;
}
