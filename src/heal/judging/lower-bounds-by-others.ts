import { bounds } from '../statistics/betting-bounds.ts';
import type { JudgedComponent } from './judgements.ts';

/** How many outcomes of other components at most count in addition to a component's own; docs/healing.md says why. */
export const maxAddedOutcomes = 1;

/**
 * Returns the same components; the lower bound of each is at most the bound that results when outcomes of the others
 * are added to its own. The reason: when an entry achieves little elsewhere, a few successes in a row may be luck. How
 * many outcomes are added depends on how much the components differ: none when they differ widely, `maxAddedOutcomes` when
 * they differ no more than by chance. The bound never rises by this, so it stays valid.
 */
export function lowerBoundsByOthers(parts: readonly JudgedComponent[]): JudgedComponent[] {
  const all = parts.map(({ record }) => ({ trials: record.weight, successes: record.heldWeight }));
  const trials = sum(all.map((each) => each.trials));
  const successes = sum(all.map((each) => each.successes));
  const strength = strengthOf(all.filter((each) => each.trials > 0));
  return parts.map((part, index) => {
    const itsRecord = all[index]!;
    const others = trials - itsRecord.trials;
    const share = (successes - itsRecord.successes) / others;
    // Without other components, or when they are better, the bound is not lowered.
    if (!(share * itsRecord.trials < itsRecord.successes)) return part;
    const added = Math.min(strength, others);
    const { lower } = bounds({
      successes: itsRecord.successes + added * share,
      trials: itsRecord.trials + added,
    });
    return { ...part, record: { ...part.record, lower: Math.min(part.record.lower, lower) } };
  });
}

/**
 * How many outcomes the common share is worth in addition to a component's own: the sum of the parameters of the beta
 * distribution that the components' shares are drawn from, by moments. Source: Kleinman, "Proportions with extraneous
 * variance", Journal of the American Statistical Association 68 (1973), with trials for weights.
 */
function strengthOf(samples: { trials: number; successes: number }[]): number {
  const trials = sum(samples.map((each) => each.trials));
  const share = sum(samples.map((each) => each.successes)) / trials;
  const chance = share * (1 - share);
  const free = samples.length - 1;
  if (free < 1 || chance === 0) return maxAddedOutcomes;
  const spread = sum(
    samples.map((each) => each.trials * (each.successes / each.trials - share) ** 2),
  );
  const squares = sum(samples.map((each) => each.trials ** 2));
  const correlation = (spread / chance - free) / (trials - squares / trials - free);
  return correlation > 0
    ? Math.max(0, Math.min(maxAddedOutcomes, 1 / correlation - 1))
    : maxAddedOutcomes;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
