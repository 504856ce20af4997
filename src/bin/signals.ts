import { hasTerminal } from '../ground/terminal.ts';
import { wrapperEnded } from './wrapper.ts';

/**
 * Within this time a second signal may be the same stop request again, from a closed terminal, a process group or a
 * wrapper; after it, a second signal is a new request.
 */
const sameRequestMs = 1_000;
/**
 * Within this time a second Ctrl-C may be the same one: the terminal sends it to the whole process group, and npm, which
 * belongs to the group, sends it again.
 */
const sameKeyMs = 250;

export interface StopRequest {
  /** Aborts when a stop request arrives; its reason is the name of the signal. */
  readonly signal: AbortSignal;
  /** Resolves with the signal. */
  readonly stop: Promise<NodeJS.Signals>;
  /** Has the process stop as if this signal had arrived. */
  ask(signal: NodeJS.Signals): void;
}

/**
 * Listens for SIGINT (Ctrl-C), SIGTERM, SIGQUIT (Ctrl-\\, and the stop signal of some containers) and SIGHUP, and for
 * the end of a wrapper that passes no signal on. SIGHUP says that the terminal is gone; a process without a terminal
 * ignores it, because `nohup` or a service manager started it to outlive the terminal. Node undoes what `nohup` does, so
 * this function finds out by itself whether there is a terminal. A second Ctrl-C, or another signal a second or more
 * later, ends the process at once. Then its children notice this and end too; a helper process stops the embedded server
 * if no other process uses it; other workers take over its runs when their leases run out.
 */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: { signal: NodeJS.Signals; at: number } | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!first) {
      first = { signal, at: performance.now() };
      controller.abort(signal);
      return resolve(signal);
    }
    // When a terminal closes, each process between the terminal and this one may send SIGHUP once more.
    if (signal === 'SIGHUP') return;
    const again = signal === 'SIGINT' && first.signal === 'SIGINT';
    if (performance.now() - first.at <= (again ? sameKeyMs : sameRequestMs)) return;
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.on(signal, onSignal);
  process.on('SIGHUP', hasTerminal ? onSignal : () => {});
  void wrapperEnded(controller.signal).then((ended) => ended && onSignal('SIGTERM'));
  return { signal: controller.signal, stop: promise, ask: onSignal };
}

/** Ends the process after `ms`: a dead socket must not keep it alive when its work is done. */
export function endSoon(ms = 1_000): void {
  setTimeout(() => process.exit(), ms).unref();
}
