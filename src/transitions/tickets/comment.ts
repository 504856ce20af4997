/**
 * A person writes into a ticket's history. It changes nothing else, so it never loses against another change.
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
