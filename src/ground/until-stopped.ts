/** The signal was aborted before the work ended. */
export class StoppedError extends Error {}

/**
 * Resolves with the value of `work`, or rejects with {@link StoppedError} as soon as the signal aborts. After that the
 * work is no longer awaited, and its eventual rejection is handled. If the signal is aborted already, the work is not
 * started.
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
