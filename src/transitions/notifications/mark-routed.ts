/**
 * Events of tickets were turned into messages, or it is known why no message was made of them.
 *
 * From: `routed_at` is empty.
 * To: `routed_at` is set, and `unsent_reason` where no message was made.
 * By: the job route-events.
 * Locks: the events, which the same transaction has locked when it read them.
 * Zero rows: never.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export interface RoutedEvent {
  id: string;
  /** null where a message was made of it */
  unsent_reason: string | null;
}

export const markRouted = (trx: Transaction<Database>, events: readonly RoutedEvent[]) =>
  sql`
    UPDATE bot_ticket_events e SET routed_at = engine.now(), unsent_reason = r.unsent_reason
    FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS r (id bigint, unsent_reason text)
    WHERE e.id = r.id AND e.routed_at IS NULL`.execute(trx);
