/** When a message that was not sent is tried again. */
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long to wait after the first try, the second, and so on: about 17 hours together. After one more try it has failed. */
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour];

/** The longest wait that a receiver may ask for: a mistake there must not keep people from being told. */
const maxAskedMs = hour;

/** How old a message may be while waits that a receiver asks for, or a missing secret, use up no try. */
const maxUncountedAgeMs = 24 * hour;
/** After this many attempts the receiver is asked less often, whatever it says. */
const manyAttempts = 60;

export interface TryCounts {
  /** tries that count, including this one */
  tries: number;
  /** all tries, including those that do not count */
  attempts: number;
  /** since the message was made */
  ageMs: number;
}

export interface NextTry {
  delayMs: number;
  /** false: the receiver asked to wait, or was not reached because of a secret, so this is no failure of the message */
  counts: boolean;
}

/**
 * The waits while the channel cannot be used because of a secret: the receiver was not asked, so for a day no try counts. They
 * are short, so that the message is sent soon after a person has corrected the secret.
 */
const unusableDelays = [5 * second, 5 * minute];

/** Null if it is not tried again. `askedMs`: the wait that the receiver asked for. `usable`: whether the channel can be used. */
export function nextTry(
  { tries, attempts, ageMs }: TryCounts,
  { askedMs, usable }: { askedMs?: number | undefined; usable?: boolean | null },
): NextTry | null {
  const usual = delays[tries - 1];
  if (usable === false && ageMs <= maxUncountedAgeMs)
    return { delayMs: unusableDelays[attempts - 1] ?? unusableDelays.at(-1)!, counts: false };
  if (askedMs === undefined) return usual === undefined ? null : { delayMs: usual, counts: true };
  const counts = ageMs > maxUncountedAgeMs;
  if (counts && usual === undefined) return null;
  const shortest = attempts > manyAttempts ? minute : second;
  return { delayMs: Math.min(Math.max(askedMs, shortest), maxAskedMs), counts };
}

/** How long nothing else is sent through a channel whose receiver asked to wait. */
export const pauseMs = (askedMs: number): number => Math.min(Math.max(askedMs, 0), maxAskedMs);
