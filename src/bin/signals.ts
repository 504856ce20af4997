/**
 * Resolves when the process is asked to stop: SIGINT (Ctrl-C), SIGTERM, SIGHUP. A second signal ends it
 * at once; what it was carrying is taken over by others when its leases run out.
 */
export function askedToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
