/**
 * The job has made messages of events of tickets, or knows why it made none. An event that maintenance holds back waits until
 * no window covers its ticket any more; then it is routed as if it had just happened.
 *
 * From: `routed_at` is empty.
 * To: `routed_at` is set, and `unsent_reason` where no message was made. An event that is held back gets only an
 *   `unsent_reason`, which is emptied when the event is released.
 * By: the job `route-events`; the timer that settles releases events.
 * Locks: the events, which the same transaction locked when it read them. The timer skips events that other transactions hold.
 * Zero rows: never in the job; of the timer: no event is held back, or windows still cover all of their tickets.
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

/** Releases at most `maxRows` events, the oldest first; returns how many. It is one statement, so it needs no transaction. */
export async function releaseEvents(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    UPDATE bot_ticket_events SET unsent_reason = NULL
    WHERE id IN (
      SELECT e.id FROM bot_ticket_events e JOIN bot_tickets t ON t.id = e.ticket_id
      WHERE e.routed_at IS NULL AND e.unsent_reason IS NOT NULL AND NOT ${ticketUnderMaintenance('t')}
      -- Locks bot_ticket_events in no fixed order; rows that others hold are skipped.
      ORDER BY e.id LIMIT ${maxRows}::int FOR NO KEY UPDATE OF e SKIP LOCKED)
    RETURNING id`.execute(db);
  return rows.length;
}
