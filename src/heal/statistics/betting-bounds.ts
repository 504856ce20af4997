/** Bounds of a share that are right at any look, however often they are looked at and whenever that stops. */
import type { Interval, Sample } from './wilson.ts';

/**
 * So many times its capital is won against the truth in one game of 20 at most, however long it is played: Ville,
 * "Étude critique de la notion de collectif" (1939). What lost that much to a gambler is refuted with 95 % confidence.
 */
export const certain = 20;
export const surely = Math.log(certain);

/**
 * Gamblers who each stake one part of what they have on every success, at odds that are fair if the share is as
 * supposed, and how the capital is divided among them at first. Who stakes nearly all is nearly ruined by one
 * failure, and the first to find out what never fails. How they were chosen: docs/healing.md.
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
    // The logarithm of a sum, without a power that no number holds.
    sum = Math.max(sum, one) + Math.log1p(Math.exp(-Math.abs(sum - one)));
  }
  return sum;
}

/** Steps in which a search halves its interval: finer than a share is ever told. */
const halvings = 30;

/** The highest share that is refuted from above. */
function lowerOf(successes: number, failures: number): number {
  if (!(successes > 0)) return 0;
  let [low, high] = [0, 1];
  for (let step = 0; step < halvings; step++) {
    const middle = (low + high) / 2;
    if (evidenceAgainst(middle, successes, failures) >= surely) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Bounds of a share, 0 to 1, of `successes` in `trials`, which may be weights. In 19 of 20 histories at least the
 * true share is never below the lower one, and in 19 of 20 never above the upper one, although both are looked at
 * after each trial. Without any trial they are 0 and 1. Weights that shrink forget: then that is said of about one
 * half-life, and not of all times.
 */
export function bounds({ successes, trials }: Sample): Interval {
  const good = Math.min(trials, Math.max(0, successes));
  return { lower: lowerOf(good, trials - good), upper: upperBound({ successes, trials }) };
}

/** The upper one of {@link bounds} alone. */
export function upperBound({ successes, trials }: Sample): number {
  const good = Math.min(trials, Math.max(0, successes));
  return 1 - lowerOf(trials - good, good);
}

/** Shares between these are compared, as logarithms of their odds. */
const farthest = 14;

/**
 * The natural logarithm of the evidence that the first share is above the second, right at any look. Each share
 * that might lie between the two has to be refuted, by what is won against it from both sides: the samples know
 * nothing of each other, so that their evidence multiplies. What is told is the least of it; it is convex in the
 * logarithm of the odds, which leads there.
 */
export function evidenceAbove(first: Sample, second: Sample): number {
  const evidence = (logOdds: number) => {
    const share = 1 / (1 + Math.exp(-logOdds));
    return (
      evidenceAgainst(share, first.successes, first.trials - first.successes) +
      evidenceAgainst(1 - share, second.trials - second.successes, second.successes)
    );
  };
  let [low, high] = [-farthest, farthest];
  for (let step = 0; step < halvings; step++) {
    const third = (high - low) / 3;
    if (evidence(low + third) < evidence(high - third)) high -= third;
    else low += third;
  }
  return evidence((low + high) / 2);
}
