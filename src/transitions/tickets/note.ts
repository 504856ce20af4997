/**
 * Adds a note to a ticket's history; the ticket itself does not change.
 *
 * From: any status.
 * To: the same status, with one more event `noted`.
 * By: an operator, or a remedy that is applied.
 * Locks: only the new row of `bot_ticket_events`.
 * Zero rows: none.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

export const noteOnTicket = (
  db: Kysely<Database>,
  ticket_id: string,
  actor: string,
  detail: object,
): Promise<void> => writeEvent(db, ticket_id, 'noted', actor, detail);
