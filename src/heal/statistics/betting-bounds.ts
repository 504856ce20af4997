/** Bounds of a share that stay valid however often they are read, and at whatever moment one stops reading. */
import type { Interval, Sample } from './wilson.ts';

/**
 * A game against the true share multiplies the capital by this factor in at most one game of 20, however long it is
 * played: Ville, "Étude critique de la notion de collectif" (1939). So a share that loses this much to a gambler is
 * refuted with 95 % confidence.
 */
const refutingFactor = 20;
/** The natural logarithm of it, which {@link evidenceAgainst} and {@link evidenceAbove} are compared with. */
export const requiredEvidence = Math.log(refutingFactor);

/**
 * Several gamblers. Each one stakes a fixed part of its capital on every success, at odds that are fair if the share is
 * as supposed; `begins` says how the capital is divided among them at first. A gambler that stakes nearly everything is
 * nearly ruined by one failure, but notices first that a share is near 1. docs/healing.md says how the stakes were
 * chosen.
 */
const gamblers = [
  { stakes: 0.99, begins: 0.45 },
  { stakes: 0.75, begins: 0.35 },
  { stakes: 0.5, begins: 0.1 },
  { stakes: 0.25, begins: 0.06 },
  { stakes: 0.1, begins: 0.04 },
].map((each) => ({ ...each, atFirst: Math.log(each.begins), byFailure: Math.log1p(-each.stakes) }));

/**
 * The natural logarithm of what a capital of 1 has become by bets on all successes, against `supposed`, 0 to 1: the
 * evidence that the true share is above it. Both counts may be sums of weights of at most 1: a power of at most 1
 * of what a fair bet yields is not expected to yield more (Jensen). Source: Waudby-Smith and Ramdas, "Estimating
 * means of bounded random variables by betting", Journal of the Royal Statistical Society B 86 (2024); what
 * several gamblers win together is as valid as what one does.
 */
export function evidenceAgainst(supposed: number, successes: number, failures: number): number {
  const odds = (1 - supposed) / supposed;
  let sum = -Infinity;
  for (const { stakes, atFirst, byFailure } of gamblers) {
    const one = atFirst + successes * Math.log1p(stakes * odds) + failures * byFailure;
    // The logarithm of a sum of exponentials, computed so that no exponential overflows.
    sum = Math.max(sum, one) + Math.log1p(Math.exp(-Math.abs(sum - one)));
  }
  return sum;
}

/** How many times a search halves its interval: this gives more digits than a share is ever shown with. */
const halvings = 30;

/** The highest share of which it is refuted that the true share is not above it: the lower bound. */
function lowerOf(successes: number, failures: number): number {
  if (!(successes > 0)) return 0;
  let [low, high] = [0, 1];
  for (let step = 0; step < halvings; step++) {
    const middle = (low + high) / 2;
    if (evidenceAgainst(middle, successes, failures) >= requiredEvidence) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Bounds of a share, 0 to 1, of `successes` in `trials`, which may be weights. In at least 19 of 20 histories the true
 * share is never below the lower bound, and in at least 19 of 20 never above the upper one, although both are looked at
 * after each trial. Without any trial they are 0 and 1. When weights shrink with time, old trials are forgotten: then
 * this guarantee covers about one half-life, and not all time.
 */
export function bounds({ successes, trials }: Sample): Interval {
  const good = Math.min(trials, Math.max(0, successes));
  return { lower: lowerOf(good, trials - good), upper: upperBound({ successes, trials }) };
}

/** Only the upper bound of {@link bounds}. */
export function upperBound({ successes, trials }: Sample): number {
  const good = Math.min(trials, Math.max(0, successes));
  return 1 - lowerOf(trials - good, good);
}

/** Only shares are compared whose log odds lie between this and its negative. */
const maxLogOdds = 14;

/**
 * The natural logarithm of the evidence that the first share is above the second, valid however often it is read. Each
 * possible value between the two shares must be refuted by the evidence from both sides. The samples are independent,
 * so their evidence is multiplied. Returns the least of these values; it is convex in the logarithm of the odds, so a
 * search finds it.
 */
export function evidenceAbove(first: Sample, second: Sample): number {
  const evidence = (logOdds: number) => {
    const share = 1 / (1 + Math.exp(-logOdds));
    return (
      evidenceAgainst(share, first.successes, first.trials - first.successes) +
      evidenceAgainst(1 - share, second.trials - second.successes, second.successes)
    );
  };
  let [low, high] = [-maxLogOdds, maxLogOdds];
  for (let step = 0; step < halvings; step++) {
    const third = (high - low) / 3;
    if (evidence(low + third) < evidence(high - third)) high -= third;
    else low += third;
  }
  return evidence((low + high) / 2);
}
