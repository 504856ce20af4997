/** What a suggestion is worth, for the person who has to answer it. */
import { share } from '../../ground/text.ts';
import type { Figures } from '../../services/tickets/answer.ts';
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

const units: [string, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

function longAgo(at: Date, now: Date): string {
  const seconds = Math.max(0, now.getTime() - at.getTime()) / 1000;
  const [unit, length] = units.find(([, least]) => seconds >= least) ?? ['minute', Infinity];
  return seconds < 60 ? 'just now' : `${counted(Math.floor(seconds / length), unit)} ago`;
}
