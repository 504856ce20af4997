/**
 * A channel that was switched off is used again.
 *
 * From: off.
 * To: on, and its ticket is resolved.
 * By: a person who changes the channel, or switches it on.
 * Locks: the ticket; then the row of engine.channels.
 * Zero rows: the channel is on.
 */
import { sql, type Transaction } from 'kysely';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from '../tickets/write-event.ts';

/** Whether it was off. */
export async function switchOn(
  trx: Transaction<Database>,
  channel: string,
  by: string,
): Promise<boolean> {
  const notes = `The channel ${channel} is on again.`;
  const ended = await sql<{ id: string }>`
    UPDATE bot_tickets t SET status = 'resolved', resolved_at = engine.now(), resolved_by = ${by}, resolution_notes = ${notes}
    FROM engine.channels c
    WHERE c.name = ${channel} AND c.off_since IS NOT NULL AND t.id = c.ticket_id AND ${isPending('t')}
    RETURNING t.id`.execute(trx);
  if (ended.rows[0]) await writeEvent(trx, ended.rows[0].id, 'resolved', by, { notes });
  const { rows } = await sql`
    UPDATE engine.channels SET off_since = NULL, off_reason = NULL, wait_until = NULL
    WHERE name = ${channel} AND (off_since IS NOT NULL OR wait_until IS NOT NULL) RETURNING name`.execute(
    trx,
  );
  return rows.length > 0;
}
