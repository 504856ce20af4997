/** What the events after a cure say about it, beside those before. Rules only: no clock, no database. */
import type { Tally } from '../../contract/event-check.ts';
import { severityRank, type Severity } from '../../ground/severity.ts';
import { binomialTail, poissonTail } from '../statistics/tail.ts';
import { wilson } from '../statistics/wilson.ts';

/** `unclear`: too little was seen to tell. */
export type Verdict = 'clean' | 'failing' | 'unclear';

/** What was counted before the cutoff, as `bot_finding_states` keeps it, and how severe that was. */
export interface TallyBefore {
  bad: number;
  of: number | null;
  /** over so many seconds */
  seconds: number;
  severity: Severity;
}

/** What was seen of one key after the cutoff. */
export interface Seen {
  /** the severity at which the check reports it by the events after the cutoff; null when it does not report it */
  reported: Severity | null;
  /** the newest bad event after the cutoff */
  newestBadAt: Date | null;
  cutoff: Date;
  /** what was counted since the verdict's own start: the cutoff, or a later first clean verdict */
  tally: Pick<Tally, 'bad' | 'of'>;
  /** seconds from that start until now */
  seconds: number;
}

/** So unlikely what was seen has to be, had nothing changed. */
export const unlikely = 0.05;

/** A verdict that is still unclear is asked for again for so many seconds at most. */
export const judgeWithin = (windowSeconds: number): number =>
  Math.ceil(Math.max(24 * 3_600, 2 * windowSeconds));

const high = severityRank('high');
const low = severityRank('low');

/**
 * Failing: reported by an event after the cutoff, at the severity that was there before or worse, or at high or
 * critical: what is left of a critical problem and still high is not cured. A stray error among many good requests is
 * reported too, as low, and is no sign that the old problem is back.
 *
 * Clean: not failing, not reported above low, and enough was seen. So few bad events among so many would come with a
 * probability of at most .05 if their share still was what the lower end of the 95 % interval of the old share says;
 * where good events leave no trace, if they still came at the old rate. Without a bad event that rate has to have
 * promised 3 of them: exp(-3) is just below .05.
 */
export function verdictByEvents(before: TallyBefore | null, seen: Seen): Verdict {
  const { reported, newestBadAt, cutoff, tally, seconds } = seen;
  const rank = reported === null ? Infinity : severityRank(reported);
  const old = before ? severityRank(before.severity) : Infinity;
  if (reported !== null && rank <= Math.max(old, high) && newestBadAt && newestBadAt > cutoff)
    return 'failing';
  if (!before || rank < low) return 'unclear';
  const chance =
    before.of !== null && tally.of !== null
      ? binomialTail(tally.bad, tally.of, wilson(before.bad, before.of).lower)
      : poissonTail(tally.bad, (before.bad / before.seconds) * Math.max(0, seconds));
  return chance <= unlikely ? 'clean' : 'unclear';
}
