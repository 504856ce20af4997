/** How many deliveries each source may send. */

interface Bucket {
  /** deliveries that it may still send now */
  left: number;
  at: number;
}

export interface Rates {
  /** Takes one delivery; returns 0, or after how many seconds the source may send again. */
  take(source: string, perMinute: number, nowMs?: number): number;
}

/**
 * One bucket a source, which holds a minute's deliveries and fills evenly. It counts what this process takes: with several listeners a source
 * may send as much to each.
 */
export function openRates(): Rates {
  const buckets = new Map<string, Bucket>();
  return {
    take(source, perMinute, nowMs = performance.now()) {
      const before = buckets.get(source) ?? { left: perMinute, at: nowMs };
      const left = Math.min(perMinute, before.left + ((nowMs - before.at) * perMinute) / 60_000);
      const isFree = left >= 1;
      buckets.set(source, { left: isFree ? left - 1 : left, at: nowMs });
      return isFree ? 0 : Math.ceil(((1 - left) * 60) / perMinute);
    },
  };
}
