import type { CheckResult } from '../../contract/finding.ts';
import type { TallyBefore, Verdict } from '../../heal/finding/verdict.ts';

/** How one check ended. Only a passed or failed one says anything about findings. */
export type CheckOutcome = { name: string; title: string; ms: number } & (
  | {
      status: 'passed' | 'failed';
      result: CheckResult;
      judged?: JudgedKeys;
      /** a further question about single keys that it could not answer */
      unanswered?: CheckOutcome | undefined;
    }
  | { status: 'errored' | 'skipped'; reason: string }
);

/** What an event check counted, and what that says about the keys that wait for a verdict. Keys as they are stored. */
export interface JudgedKeys {
  /** when it was asked: of what came since it knows nothing */
  askedAt: Date;
  /** of each reported key, with the time from which on it was counted */
  tallies: Map<string, Omit<TallyBefore, 'severity'> & { from: Date }>;
  verdicts: ReadonlyMap<string, KeyVerdict>;
  /**
   * Of keys with a cure or a decision that waits: what it is about. A check that tells the same key in another
   * category now has not found another problem.
   */
  fingerprints: ReadonlyMap<string, string>;
  /** decisions that left a finding alone, of which enough was seen, or too little for too long */
  decisions: { id: string; verdict: 'clean' | 'failing' | 'undecided' }[];
}

export interface KeyVerdict {
  verdict: Verdict;
  /** of the cure that waits for it; null where a person or an undo lies in between */
  state: 'applied' | 'verified' | null;
}

/** Components that the checks looked at; several checks of a bot look at the same ones. */
export const examinedBy = (outcomes: CheckOutcome[]): number =>
  Math.max(
    0,
    ...outcomes.map((outcome) => {
      if (!('result' in outcome)) return 0;
      const { examined } = outcome.result;
      return Array.isArray(examined) ? examined.length : examined.count;
    }),
  );
