/**
 * A closed terminal, a process group or a wrapper pass one wish on twice, a moment apart; a person who
 * means it presses Ctrl-C again.
 */
const oneWishMs = 1_000;

export interface Asked {
  /** Aborts when the process is asked to stop; its reason is the signal. */
  readonly signal: AbortSignal;
  /** Resolves with the signal. */
  readonly stop: Promise<NodeJS.Signals>;
}

/**
 * Hears SIGINT (Ctrl-C), SIGTERM and SIGHUP. A second Ctrl-C, or a SIGTERM a second or more later, ends
 * the process at once, after `last` has done what can be done in an instant. Its children notice and end
 * too; what it was carrying is taken over by others when its leases run out.
 */
export function askedToStop(last: () => void = () => {}): Asked {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: { signal: NodeJS.Signals; at: number } | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!first) {
      first = { signal, at: performance.now() };
      controller.abort(signal);
      return resolve(signal);
    }
    // A closed terminal tells it as often as there are processes between.
    if (signal === 'SIGHUP') return;
    const again = signal === 'SIGINT' && first.signal === 'SIGINT';
    if (!again && performance.now() - first.at <= oneWishMs) return;
    last();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return { signal: controller.signal, stop: promise };
}

/** A socket that is dead may not keep a process alive whose work is done. */
export function endSoon(): void {
  setTimeout(() => process.exit(), 1_000).unref();
}
