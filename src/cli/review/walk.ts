/** The way of a review line by line through the tickets: forwards to the next one that waits, and back. */
import {
  nextToReview,
  readReview,
  type Review,
  type ReviewFilter,
} from '../../services/tickets/review.ts';
import type { Context } from './actions/action.ts';
import type { OwnChange } from './own-changes.ts';

export interface Walk {
  filter: ReviewFilter;
  trail: string[];
  /** the index in `trail` of the ticket that is shown */
  at: number;
  done: OwnChange[];
}

/** Where the walk goes on after a choice. */
export type Move = 'next' | 'previous' | 'again' | 'here' | 'quit' | { show: string };

/** The ticket to which a move leads; null where no other one waits. */
export async function moveOn(context: Context, walk: Walk, move: Move): Promise<Review | null> {
  if (typeof move === 'object') return readReview(context, { ticket: move.show });
  if (move === 'again') return readReview(context, { ticket: walk.trail[walk.at]! });
  const at = walk.at + (move === 'previous' ? -1 : 1);
  const before = walk.trail[at];
  if (before !== undefined) {
    walk.at = at;
    return readReview(context, { ticket: before });
  }
  const { review } = await nextToReview(context, { filter: walk.filter, except: walk.trail });
  if (review) walk.at = walk.trail.push(review.ticket.id) - 1;
  return review;
}
