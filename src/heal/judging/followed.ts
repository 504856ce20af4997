/** How often another problem began soon after certain moments, and how often without them. No clock, no database. */
import type { Sample } from '../statistics/wilson.ts';

/** A moment after which another problem may begin; times are in milliseconds. */
export interface Moment {
  at: number;
  /** when the first other problem began after it (for a look: at it or after it); null when none did */
  first: number | null;
}

/** Up to this many looks of a bot after a heal, another problem is still attributed to the heal. */
export const maxLooks = 6;

/**
 * How many of the moments another problem followed within the window. A moment whose window has not ended yet does not
 * count. Of moments less than `apart` from each other only the first counts, because the others would see the same
 * problem.
 */
export function countFollowed(
  moments: readonly Moment[],
  { window, apart }: { window: number; apart: number },
  now: number,
): Sample {
  let from = -Infinity;
  const ended = moments.filter(({ at }) => {
    if (at + window >= now || at < from) return false;
    from = at + apart;
    return true;
  });
  const successes = ended.filter(({ at, first }) => first !== null && first <= at + window);
  return { trials: ended.length, successes: successes.length };
}

/**
 * In how many stretches of looks another problem began although no heal came before it. Stretches have `looks` looks, do
 * not overlap, and each follows a window without a heal. A stretch in which a heal comes before the other problem does not
 * count. `all` looks and `heals` are in the order of time.
 */
export function countWithoutHeal(
  all: readonly Moment[],
  heals: readonly Moment[],
  { window, looks: stretch }: { window: number; looks: number },
): Sample {
  let [trials, successes, nextHeal, index] = [0, 0, 0, 0];
  while (index + stretch < all.length) {
    const { at: from, first } = all[index]!;
    const until = all[index + stretch]!.at;
    while (nextHeal < heals.length && heals[nextHeal]!.at < from) nextHeal += 1;
    const last = heals[nextHeal - 1];
    const next = heals[nextHeal];
    const begins = first !== null && first < until;
    const isAfter = last !== undefined && last.at + window >= from;
    // A heal in the last look of a stretch cannot cause a problem within the stretch.
    const isCut =
      next !== undefined &&
      next.at < Math.min(begins ? first : Infinity, all[index + stretch - 1]!.at);
    if (isAfter || isCut) {
      index += 1;
      continue;
    }
    trials += 1;
    successes += Number(begins);
    index += stretch;
  }
  return { trials, successes };
}
