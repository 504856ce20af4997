import { evidenceAgainst, requiredEvidence, upperBound } from '../statistics/betting-bounds.ts';

/** The stretch of the newest outcomes that looks worst. */
export interface Stretch {
  decided: number;
  held: number;
  /** bound of the share that held in it, 0 to 1 */
  upper: number;
}

/** One outcome; its weight is at most 1. */
export interface Outcome {
  held: boolean;
  weight: number;
}

/**
 * Of all stretches that end with the newest outcome, the one with the lowest upper bound: it shows a cure that no
 * longer works, however long it worked before. Null without any outcome. Because the worst stretch is chosen, its bound
 * is below the true share more often than the bound of a fixed stretch: on average at most once in 20 outcomes. Source:
 * Shin, Ramdas and Rinaldo, "E-detectors", New England Journal of Statistics in Data Science 2 (2023), and before them
 * Page, "Continuous inspection schemes", Biometrika 41 (1954).
 */
export function worstStretch(newestFirst: readonly Outcome[]): Stretch | null {
  let worst: Stretch | null = null;
  let [decided, held, good, bad] = [0, 0, 0, 0];
  for (const outcome of newestFirst) {
    decided += 1;
    held += Number(outcome.held);
    if (outcome.held) good += outcome.weight;
    else bad += outcome.weight;
    // Computed only when the bound would be lower: to compute a bound costs much more than to test whether a share is
    // refuted.
    if (worst && !isRefuted(worst.upper, good, bad)) continue;
    const upper = upperBound({ successes: good, trials: good + bad });
    if (!worst || upper < worst.upper) worst = { decided, held, upper };
  }
  return worst;
}

const isRefuted = (upper: number, good: number, bad: number): boolean =>
  upper === 1 ? bad > 0 : evidenceAgainst(1 - upper, bad, good) > requiredEvidence;
