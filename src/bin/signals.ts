/**
 * A closed terminal, a process group or a wrapper pass one wish on twice, a moment apart; a person who
 * means it presses Ctrl-C again.
 */
const oneWishMs = 1_000;

/**
 * Resolves when the process is asked to stop: SIGINT (Ctrl-C), SIGTERM, SIGHUP. A second Ctrl-C,
 * or a SIGTERM a second or more later, ends it at once; what it was carrying is taken over by others when
 * its leases run out.
 */
export function askedToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: { signal: NodeJS.Signals; at: number } | null = null;
    const onSignal = (signal: NodeJS.Signals) => {
      if (!first) {
        first = { signal, at: performance.now() };
        return resolve(signal);
      }
      // A closed terminal tells it as often as there are processes between.
      if (signal === 'SIGHUP') return;
      const again = signal === 'SIGINT' && first.signal === 'SIGINT';
      if (again || performance.now() - first.at > oneWishMs) process.exit(130);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
