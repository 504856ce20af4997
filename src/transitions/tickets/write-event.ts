/**
 * Writes one row of a ticket's history, for the transitions of this folder. The flush writes its events in the same
 * statement as the changes (`write-events.ts`).
 *
 * From: any status.
 * To: one more row of `bot_ticket_events`.
 * By: the transition that makes the change.
 * Locks: only the new row.
 * Zero rows: none.
 */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';

export async function writeEvent(
  db: Kysely<Database>,
  ticket_id: string,
  event: Database['bot_ticket_events']['event'],
  actor: string,
  detail: object,
  /** the time that the change has written on the ticket, so that ticket and event show the same; null: now */
  at: Date | null = null,
): Promise<void> {
  const created_at = at ?? sql<Date>`engine.now()`;
  await db
    .insertInto('bot_ticket_events')
    .values({ ticket_id, event, actor, detail: JSON.stringify(detail), created_at })
    .execute();
}
