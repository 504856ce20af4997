/** When a message that was not sent is tried again. */
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** After the first try, the second, and so on; after the last one it has failed. Together some 17 hours. */
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour];

/** A receiver may ask for this long at most: what it asks for by mistake must not keep people from being told. */
const longestAsked = hour;

/** Null when it is not tried again. `tries`: how many there were. */
export function retryDelayMs(tries: number, askedMs?: number): number | null {
  const usual = delays[tries - 1];
  if (usual === undefined) return null;
  return askedMs === undefined ? usual : Math.min(Math.max(askedMs, second), longestAsked);
}

/** How long nothing else is sent through a channel whose receiver asked to wait. */
export const pauseMs = (askedMs: number): number => Math.min(Math.max(askedMs, 0), longestAsked);
