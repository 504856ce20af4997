import { printable } from '../../../ground/text.ts';
import { isMerged, isPending } from '../../../services/tickets/list.ts';
import type { Review } from '../../../services/tickets/review.ts';
import { nameOf } from './action.ts';

/** Why the ticket cannot be changed: it has ended, or another one stands for it; null where it can. */
export function whyNotPending(seen: Review): string | null {
  const { ticket } = seen;
  if (isMerged(ticket)) return `${nameOf(seen)} is merged into T-${ticket.survivor}`;
  if (isPending(ticket)) return null;
  const by = ticket.resolved_by ? ` by ${printable(ticket.resolved_by)}` : '';
  return `${nameOf(seen)} is ${ticket.status}${by}`;
}
