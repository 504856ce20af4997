/**
 * The first retry waits this long, and each later one twice as long as the one before, up to the limit; plus up to a
 * quarter at random.
 */
const firstRetrySeconds = 5;
const maxRetrySeconds = 600;

/** How long a run waits after its attempt with this number (from 1) has failed, in milliseconds. */
export function retryDelayMs(attempt: number): number {
  const seconds = Math.min(maxRetrySeconds, firstRetrySeconds * 2 ** (attempt - 1));
  return Math.round(seconds * (1 + Math.random() / 4) * 1000);
}
