import type { SkipCause } from '../../contract/check.ts';
import type { CheckResult } from '../../contract/finding.ts';
import type { TallyBefore, Verdict } from '../../heal/finding/verdict.ts';

/** How one check ended. Only the outcomes `passed` and `failed` say anything about findings. */
export type CheckOutcome = { name: string; title: string; ms: number } & (
  | {
      status: 'passed' | 'failed';
      result: CheckResult;
      judged?: JudgedKeys;
      /** a further question about single keys that the check could not answer */
      unanswered?: CheckOutcome | undefined;
    }
  | {
      status: 'errored' | 'skipped';
      reason: string;
      /** of an errored one: the first place outside of Roundsman and of packages that the error's stack names, `/path/file.ts:12` */
      at?: string | undefined;
      /** of an errored one: what it waited for has not come in time, so its run ends as `timeout` */
      timedOut?: boolean | undefined;
      /** of a skipped one: it was not to look */
      because?: SkipCause | undefined;
    }
);

/**
 * What an event check counted, and what that says about the keys that wait for a verdict. Keys are written as they are stored.
 */
export interface JudgedKeys {
  /** when the check was asked: its answer says nothing about later events */
  askedAt: Date;
  /** for each reported key: what was counted, with the time from which on */
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
  /** the state of the cure that waits for the verdict; null when no cure waits, because a person or an undo came in between */
  state: 'applied' | 'verified' | null;
}

/** How many components a check looked at. */
export const examinedCount = ({ examined }: CheckResult): number =>
  Array.isArray(examined) ? examined.length : examined.count;
