/** Runs work that a signal ends: what it has begun is cleaned up, and the signal then ends the command as usual. */
export async function untilInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const end = (name: NodeJS.Signals) => stop.abort(new Error(`interrupted (${name})`));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}
