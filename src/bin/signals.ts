import { hasTerminal } from '../ground/terminal.ts';
import { wrapperEnded } from './wrapper.ts';

/**
 * A closed terminal, a process group or a wrapper pass one wish on twice, a moment apart; a person who
 * means it presses Ctrl-C again.
 */
const oneWishMs = 1_000;
/** The terminal tells Ctrl-C to the whole group, and npm, which is one of it, tells it again. */
const oneKeyMs = 250;

export interface Asked {
  /** Aborts when the process is asked to stop; its reason is the signal. */
  readonly signal: AbortSignal;
  /** Resolves with the signal. */
  readonly stop: Promise<NodeJS.Signals>;
  /** As if the signal had come. */
  ask(signal: NodeJS.Signals): void;
}

/**
 * Hears SIGINT (Ctrl-C), SIGTERM, SIGQUIT (Ctrl-\\, and what some containers are stopped with) and SIGHUP, and the end of a wrapper that passes no signal on. SIGHUP says that the
 * terminal is gone; a process without one was told by `nohup` or a service manager to outlive it, and goes on. Node
 * itself undoes what `nohup` does, so the terminal is asked for. A second Ctrl-C, or another signal a second or more later, ends
 * the process at once. Its children notice and end
 * too, another process leaves its embedded server, and what it was carrying is taken over by others when its leases run out.
 */
export function askedToStop(): Asked {
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
    if (performance.now() - first.at <= (again ? oneKeyMs : oneWishMs)) return;
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.on(signal, onSignal);
  process.on('SIGHUP', hasTerminal ? onSignal : () => {});
  void wrapperEnded(controller.signal).then((ended) => ended && onSignal('SIGTERM'));
  return { signal: controller.signal, stop: promise, ask: onSignal };
}

/** Ends the process after `ms`: a socket that is dead may not keep it alive when its work is done. */
export function endSoon(ms = 1_000): void {
  setTimeout(() => process.exit(), ms).unref();
}
