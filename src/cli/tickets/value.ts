/** What a suggestion is worth, for the person who has to answer it. */
import { nearestUnit, share } from '../../ground/text.ts';
import type { Context, Figures } from '../../services/tickets/answer.ts';
import { counted } from '../terminal/print.ts';

/** `held 7 of 9, lower bound .33, last relapse 3 days ago, undo available` */
export function valueOf({ records, context }: Figures, isUndoable: boolean, now: Date): string {
  const { decided, held, lower, lastRelapse } = records[context];
  const known =
    decided === 0
      ? ['never tried here or elsewhere']
      : [
          `held ${held} of ${decided}`,
          // Two digits are enough for the decision.
          `lower bound ${share(lower, 2)}`,
          lastRelapse ? `last relapse ${longAgo(lastRelapse, now)}` : 'no relapse',
        ];
  return [...known, `undo ${isUndoable ? 'available' : 'not available'}`].join(', ');
}

const scopes: Record<Context, string> = {
  fingerprint: 'this very problem',
  component: 'this component',
  category: 'this category',
  all: 'all that it was tried on',
};

/** What the figures are about. */
export const scopeOf = ({ context }: Figures): string => scopes[context];

function longAgo(at: Date, now: Date): string {
  const ms = Math.max(0, now.getTime() - at.getTime());
  if (ms < 60_000) return 'just now';
  const { count, unit } = nearestUnit(ms);
  return `${counted(count, unit)} ago`;
}
