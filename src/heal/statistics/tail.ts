/** Lower tails of distributions: how likely it is that so few events happen, or fewer, when nothing has changed. */

/**
 * Natural logarithm of the gamma function for x > 0, to about 12 digits. Source: Stirling's series, Abramowitz and
 * Stegun 6.1.41, after the argument was moved above 10 by the recurrence 6.1.15.
 */
export function lnGamma(x: number): number {
  let moved = 0;
  let large = x;
  for (; large < 10; large += 1) moved += Math.log(large);
  const inverse = 1 / large;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (large - 0.5) * Math.log(large) - large + 0.5 * Math.log(2 * Math.PI) + series - moved;
}

/** Natural logarithm of the number of ways to choose `few` of `many`. */
export const lnBinomialCoefficient = (many: number, few: number): number =>
  lnGamma(many + 1) - lnGamma(few + 1) - lnGamma(many - few + 1);

/** Adds the terms of a lower tail from its largest down, until what is left cannot change the sum. */
function tailFrom(largest: number, most: number, ratio: (k: number) => number): number {
  let term = largest;
  let sum = term;
  for (let k = most; k > 0 && term > sum * 1e-15; k--) {
    term *= ratio(k);
    sum += term;
  }
  return Math.min(1, sum);
}

/**
 * P(X <= `most`) of a binomial distribution: at most so many events in `trials` that each come with probability
 * `share`, 0 to 1. At or above the mean, where a tail is never small, it answers 1.
 */
export function binomialTail(most: number, trials: number, share: number): number {
  if (most < 0) return 0;
  if (most >= trials * share) return 1;
  if (share >= 1) return 0;
  const largest = Math.exp(
    lnBinomialCoefficient(trials, most) +
      most * Math.log(share) +
      (trials - most) * Math.log1p(-share),
  );
  return tailFrom(largest, most, (k) => (k / (trials - k + 1)) * ((1 - share) / share));
}

/** P(X <= `most`) of a Poisson distribution with this mean; 1 at or above the mean. */
export function poissonTail(most: number, mean: number): number {
  if (most < 0) return 0;
  if (most >= mean) return 1;
  const largest = Math.exp(most * Math.log(mean) - mean - lnGamma(most + 1));
  return tailFrom(largest, most, (k) => k / mean);
}
