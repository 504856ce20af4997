import type { Sample } from './wilson.ts';

/** The logarithm of the number of ways to choose `few` of `many`. */
function ways(many: number, few: number): number {
  let sum = 0;
  for (let at = 1; at <= few; at++) sum += Math.log((many - few + at) / at);
  return sum;
}

/**
 * The probability, 0 to 1, that chance alone gives the first sample as many of all successes as it has, or more.
 * Exact for whole numbers of any size; 1 when one of the samples is empty. Source: Fisher's exact test, one-sided
 * (Fisher, "The Design of Experiments", 1935).
 */
export function fisher(first: Sample, second: Sample): number {
  const successes = first.successes + second.successes;
  const all = ways(first.trials + second.trials, successes);
  const most = Math.min(successes, first.trials);
  let tail = 0;
  for (let had = first.successes; had <= most; had++)
    if (successes - had <= second.trials)
      tail += Math.exp(ways(first.trials, had) + ways(second.trials, successes - had) - all);
  return Math.min(1, tail);
}
