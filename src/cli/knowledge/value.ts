/** What a suggestion is worth, for the person who has to answer it. */
import { nearestUnit, share } from '../../ground/text.ts';
import type { Figures, Tried } from '../../services/tickets/answer.ts';
import { counted } from '../terminal/print.ts';

/** `held 7 of 9, lower bound .33, last relapse 3 days ago, undo available` */
export const valueInWords = (
  figures: Figures,
  tried: Tried,
  isUndoable: boolean,
  now: Date,
): string => `${recordOf(figures, tried, now)}, undo ${isUndoable ? 'available' : 'not available'}`;

/** `held 7 of 9, lower bound .33, last relapse 3 days ago` */
export function recordOf({ records, context }: Figures, tried: Tried, now: Date): string {
  const { decided, held, lower, lastRelapse } = records[context];
  const known =
    decided === 0
      ? [withoutOutcome(tried)]
      : [
          `held ${held} of ${decided}`,
          // Two digits are enough for the decision.
          `lower bound ${share(lower, 2)}`,
          lastRelapse ? `last relapse ${longAgo(lastRelapse, now)}` : 'no relapse',
        ];
  return known.join(', ');
}

/** What is said of a solution that has no outcome yet. */
function withoutOutcome({ current, earlier, earlier_decided, earlier_held }: Tried): string {
  if (current > 0) return `applied ${counted(current, 'time')}, nothing decided yet`;
  if (earlier === 0) return 'never tried here or elsewhere';
  return `this solution was never tried, earlier ones of it held ${earlier_held} of ${earlier_decided}`;
}

function longAgo(at: Date, now: Date): string {
  const ms = Math.max(0, now.getTime() - at.getTime());
  if (ms < 60_000) return 'just now';
  const { count, unit } = nearestUnit(ms);
  return `${counted(count, unit)} ago`;
}
