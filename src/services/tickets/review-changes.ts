/** What happened to a ticket while a person looks at it. */
import { eventsAfter, ticketMark } from '../../data/review/ticket-mark.ts';
import type { Db } from '../../database/connect.ts';
import type { Review } from './review.ts';

/** The ticket's events since the review was read, the newest first. */
export type NewEvents = Awaited<ReturnType<typeof eventsAfter>>;

/** Null as long as the ticket is as this review shows it. One call is cheap enough for each second. */
export async function changesOf(
  db: Db,
  { ticket, mark, event }: Pick<Review, 'ticket' | 'mark' | 'event'>,
): Promise<NewEvents | null> {
  const current = await ticketMark(db, ticket.id);
  if (!current || current.mark === mark) return null;
  return eventsAfter(db, ticket.id, event);
}
