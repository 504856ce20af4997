/** The signal was aborted before the work had ended. */
export class StoppedError extends Error {}

/**
 * The value of `work`, or a rejection with {@link StoppedError} as soon as the signal aborts: what the work still does is not
 * awaited, and its own end, however it comes, is heard. Work is not begun under an aborted signal.
 */
export function untilStopped<Value>(
  signal: AbortSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new StoppedError(`stopped: ${String(signal.reason)}`));
    if (signal.aborted) return stopped();
    signal.addEventListener('abort', stopped, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stopped));
  });
}
