/**
 * Events of tickets were turned into messages, or it is known why no message was made of them. What maintenance holds back
 * waits until no window is in force for its ticket any more; then it is routed as if it had happened now.
 *
 * From: `routed_at` is empty.
 * To: `routed_at` is set, and `unsent_reason` where no message was made; of what is held back only `unsent_reason`, which
 *   is empty again when it is released.
 * By: the job route-events; the timer that settles releases.
 * Locks: the events, which the same transaction has locked when it read them. The timer skips those that others hold.
 * Zero rows: never; of the timer: maintenance holds nothing back, or still does.
 */
import { sql, type Transaction } from 'kysely';
import { ticketUnderMaintenance } from '../../data/bots/bot-maintenance.ts';
import type { Database, Db } from '../../database/connect.ts';

export interface RoutedEvent {
  id: string;
  /** null where a message was made of it */
  unsent_reason: string | null;
  /** maintenance holds it back */
  is_held: boolean;
}

export const markRouted = (trx: Transaction<Database>, events: readonly RoutedEvent[]) =>
  sql`
    UPDATE bot_ticket_events e
    SET routed_at = CASE WHEN r.is_held THEN NULL ELSE engine.now() END, unsent_reason = r.unsent_reason
    FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS r (id bigint, unsent_reason text, is_held boolean)
    WHERE e.id = r.id AND e.routed_at IS NULL`.execute(trx);

/** At most this many, the oldest first; returns how many. One statement, so it needs no transaction around it. */
export async function releaseEvents(db: Db, most: number): Promise<number> {
  const { rows } = await sql`
    UPDATE bot_ticket_events SET unsent_reason = NULL
    WHERE id IN (
      SELECT e.id FROM bot_ticket_events e JOIN bot_tickets t ON t.id = e.ticket_id
      WHERE e.routed_at IS NULL AND e.unsent_reason IS NOT NULL AND NOT ${ticketUnderMaintenance('t')}
      -- Locks bot_ticket_events as they come; rows that others hold are skipped.
      ORDER BY e.id LIMIT ${most}::int FOR NO KEY UPDATE OF e SKIP LOCKED)
    RETURNING id`.execute(db);
  return rows.length;
}
