import { lnBinomialCoefficient } from './tail.ts';
import type { Sample } from './wilson.ts';

/**
 * The probability, 0 to 1, that by chance alone the first sample gets at least as many of all successes as it has.
 * The exact test, not an approximation for large samples; computed by logarithms, to at least 6 digits up to a million
 * trials. 1 when one of the samples is empty. Source: Fisher's exact test, one-sided
 * (Fisher, "The Design of Experiments", 1935).
 */
export function fisher(first: Sample, second: Sample): number {
  const successes = first.successes + second.successes;
  const all = lnBinomialCoefficient(first.trials + second.trials, successes);
  const most = Math.min(successes, first.trials);
  let tail = 0;
  for (let had = first.successes; had <= most; had++)
    if (successes - had <= second.trials)
      tail += Math.exp(
        lnBinomialCoefficient(first.trials, had) +
          lnBinomialCoefficient(second.trials, successes - had) -
          all,
      );
  return Math.min(1, tail);
}
