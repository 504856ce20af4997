/**
 * A person writes into a ticket's history. Nothing else changes, so a comment does not conflict with any other change.
 *
 * From: any status.
 * To: the same status, with one more event `commented`.
 * By: an operator.
 * Locks: only the new row of `bot_ticket_events`.
 * Zero rows: none.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { writeEvent } from './write-event.ts';

export const commentOnTicket = (
  db: Kysely<Database>,
  ticket_id: string,
  actor: string,
  text: string,
): Promise<void> => writeEvent(db, ticket_id, 'commented', actor, { text });
