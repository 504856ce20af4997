/** When a message that was not sent is tried again. */
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** After the first try, the second, and so on; after the last one it has failed. Together some 17 hours. */
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour];

/** A receiver may ask for this long at most: what it asks for by mistake must not keep people from being told. */
const longestAsked = hour;

/** So long a receiver may ask for short waits again and again, and uses up no try by that. */
const longestPatience = 24 * hour;
/** After so many attempts it is asked less often, whatever it says. */
const manyAttempts = 60;

export interface Tried {
  /** tries that count, this one among them */
  tries: number;
  /** all of them */
  attempts: number;
  /** since the message was made */
  ageMs: number;
}

export interface NextTry {
  delayMs: number;
  /** false: the receiver asked to wait, and that is no failure of the message */
  counts: boolean;
}

/** Null when it is not tried again. `askedMs`: what the receiver asked for. */
export function nextTry({ tries, attempts, ageMs }: Tried, askedMs?: number): NextTry | null {
  const usual = delays[tries - 1];
  if (askedMs === undefined) return usual === undefined ? null : { delayMs: usual, counts: true };
  const counts = ageMs > longestPatience;
  if (counts && usual === undefined) return null;
  const shortest = attempts > manyAttempts ? minute : second;
  return { delayMs: Math.min(Math.max(askedMs, shortest), longestAsked), counts };
}

/** How long nothing else is sent through a channel whose receiver asked to wait. */
export const pauseMs = (askedMs: number): number => Math.min(Math.max(askedMs, 0), longestAsked);
