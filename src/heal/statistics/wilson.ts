/** The 97.5 % quantile of the standard normal distribution: 95 % of it lies between -z and z. */
const z = 1.96;

export interface Interval {
  lower: number;
  upper: number;
}

/**
 * 95 % confidence interval of a share, 0 to 1, of `successes` in `trials`, which may be weights and so need
 * not be whole. Unlike the normal approximation it is right for few trials and for shares near 0 and 1; without any
 * trial it is 0 to 1. Source: Wilson, "Probable Inference", JASA 22 (1927).
 */
export function wilson(successes: number, trials: number): Interval {
  if (!(trials > 0)) return { lower: 0, upper: 1 };
  const share = Math.min(1, Math.max(0, successes / trials));
  const spread = z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  const centre = share + z ** 2 / (2 * trials);
  const scale = 1 + z ** 2 / trials;
  // Exactly 0 and 1 at the ends: by a rounding error, no success at all would get a lower bound above 0.
  return {
    lower: share === 0 ? 0 : Math.max(0, (centre - spread) / scale),
    upper: share === 1 ? 1 : Math.min(1, (centre + spread) / scale),
  };
}

/** Successes in a number of trials; both may be weights. */
export interface Sample {
  successes: number;
  trials: number;
}
