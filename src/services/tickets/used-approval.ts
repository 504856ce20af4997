import type { UsingHeal } from '../../data/bots/bot-decisions.ts';
import { time } from '../../ground/text.ts';

const outcomes: Record<UsingHeal['state'], string> = {
  intent: 'is under way',
  applied: 'is not judged yet',
  verified: 'was verified',
  held: 'held',
  failed: 'failed',
  relapsed: 'relapsed',
  unknown: 'may have happened or not',
  undecided: 'stays undecided',
  undone: 'was undone',
  aborted: 'was aborted',
};

/** `was used: its heal of 2026-11-22 12:00:00 UTC failed` */
export const usedInWords = ({ begun_at, state }: UsingHeal): string =>
  `was used: its heal of ${time(begun_at)} UTC ${outcomes[state]}`;
