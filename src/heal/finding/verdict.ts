/**
 * What the events after a cure say about the cure, compared with those before it. Rules only: no clock, no database.
 */
import type { Tally } from '../../contract/event-check.ts';
import { severityRank, type Severity } from '../../ground/severity.ts';
import { binomialTail, poissonTail } from '../statistics/tail.ts';
import { wilson } from '../statistics/wilson.ts';

/** `unclear`: too little was seen for a verdict. */
export type Verdict = 'clean' | 'failing' | 'unclear';

/** What was counted before the cutoff, as `bot_finding_states` stores it, with its severity. */
export interface TallyBefore {
  bad: number;
  of: number | null;
  /** the seconds over which it was counted */
  seconds: number;
  severity: Severity;
}

/** What a check counted for one key after the cutoff. */
export interface CountedAfter {
  /** the severity at which the check reports it by the events after the cutoff; null when it does not report it */
  reported: Severity | null;
  /** the newest bad event after the cutoff */
  newestBadAt: Date | null;
  cutoff: Date;
  /** what was counted since the start of this verdict: the cutoff, or a later first clean verdict */
  tally: Pick<Tally, 'bad' | 'of'>;
  /** seconds from that start until now */
  seconds: number;
}

/** A verdict is clean only if what was counted has at most this probability when nothing has changed: the p-value. */
const maxPValue = 0.05;

/** For how many seconds a check is asked again at most after an unclear verdict. */
export const maxJudgingSeconds = (windowSeconds: number): number =>
  Math.ceil(Math.max(24 * 3_600, 2 * windowSeconds));

const high = severityRank('high');
const low = severityRank('low');

/**
 * Failing: an event after the cutoff makes the check report the key, at the earlier severity or worse, or at high or
 * critical. (A problem that was critical and is now high is not cured.) A single error among many good requests is also
 * reported, as low, and does not mean that the old problem is back.
 *
 * Clean: not failing, not reported above low, and enough was seen. Enough means: if the share of bad events were still the
 * lower end of the 95 % interval of the old share, so few bad events among so many events would have a probability of at most
 * .05. When good events leave no trace, the old rate of bad events is used in place of their share; if no bad event was seen,
 * the old rate must have predicted at least 3, because exp(-3) is just below .05.
 */
export function verdictByEvents(before: TallyBefore | null, after: CountedAfter): Verdict {
  const { reported, newestBadAt, cutoff, tally, seconds } = after;
  const rank = reported === null ? Infinity : severityRank(reported);
  const old = before ? severityRank(before.severity) : Infinity;
  if (reported !== null && rank <= Math.max(old, high) && newestBadAt && newestBadAt > cutoff)
    return 'failing';
  if (!before || rank < low) return 'unclear';
  const pValue =
    before.of !== null && tally.of !== null
      ? binomialTail(tally.bad, tally.of, wilson(before.bad, before.of).lower)
      : poissonTail(tally.bad, (before.bad / before.seconds) * Math.max(0, seconds));
  return pValue <= maxPValue ? 'clean' : 'unclear';
}
