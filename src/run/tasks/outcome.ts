import type { CheckResult } from '../../contract/finding.ts';
import type { TallyBefore, Verdict } from '../../heal/finding/verdict.ts';

/** How one check ended. Only a passed or failed one says anything about findings. */
export type CheckOutcome = { name: string; title: string; ms: number } & (
  | {
      status: 'passed' | 'failed';
      result: CheckResult;
      judged?: JudgedKeys;
      /** a further question about single keys that the check could not answer */
      unanswered?: CheckOutcome | undefined;
    }
  | { status: 'errored' | 'skipped'; reason: string }
);

/** What an event check counted, and what that says about the keys that wait for a verdict. Keys as they are stored. */
export interface JudgedKeys {
  /** when the check was asked: its answer says nothing about later events */
  askedAt: Date;
  /** of each reported key, with the moment from which on it was counted */
  tallies: Map<string, Omit<TallyBefore, 'severity'> & { from: Date }>;
  verdicts: ReadonlyMap<string, KeyVerdict>;
  /**
   * By key, the fingerprints of the waiting cures and decisions. If the check now reports the same key in another
   * category, it is still the same problem.
   */
  fingerprints: ReadonlyMap<string, string>;
  /**
   * decisions that left a finding alone and have a verdict now, because there were enough events, or too few for too
   * long
   */
  decisions: { id: string; verdict: 'clean' | 'failing' | 'undecided' }[];
}

export interface KeyVerdict {
  verdict: Verdict;
  /** of the cure that waits for the verdict; null when a person or an undo came in between */
  state: 'applied' | 'verified' | null;
}

/** How many components a check looked at. */
export const examinedCount = ({ examined }: CheckResult): number =>
  Array.isArray(examined) ? examined.length : examined.count;
