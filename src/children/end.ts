/** Says how a child's process ended, and whether its task is the reason. */
import { FaultError } from '../database/faults/fault-behind.ts';
import { fitting } from '../ground/text.ts';
import { endedByEarlierTask, endedItself } from './exit-message.ts';

/**
 * The process ended before its task was done; the message says how. The error's cause is a {@link FaultError} when the
 * task is not to blame.
 */
export class ChildEndedError extends Error {
  override readonly name = 'ChildEndedError';

  constructor(how: string, isFault: boolean) {
    super(how, { cause: isFault ? new FaultError('process', how) : undefined });
  }
}

/**
 * Signals that come from outside of a process: an operator's, a process manager's, and SIGKILL, which the kernel also
 * sends when the machine runs out of memory. A task that sends SIGKILL to its own process cannot be told apart from
 * these. All other signals, such as SIGSEGV and SIGABRT, are a crash of the process itself.
 */
const outsideSignals = new Set<NodeJS.Signals | null>([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
]);

/** Why the worker killed a child. */
export interface KillReason {
  why: string;
  /** the task used more than it may */
  taskIsToBlame: boolean;
}

/**
 * The error for the end of a child's process. `printed` is the end of what the child printed on standard error; `killed` is
 * null when the worker did not kill it.
 */
export function endOf(
  exit: { code: number | null; signal: NodeJS.Signals | null },
  printed: string,
  killed: KillReason | null,
): ChildEndedError {
  if (killed)
    return new ChildEndedError(`its process was ended: ${killed.why}`, !killed.taskIsToBlame);
  const isFault =
    endedByEarlierTask(printed) || (outsideSignals.has(exit.signal) && !endedItself(printed));
  return new ChildEndedError(describeEnd(exit, printed.trim()), isFault);
}

function describeEnd({ code, signal }: Parameters<typeof endOf>[0], printed: string): string {
  if (/heap out of memory|Array buffer allocation failed/.test(printed))
    return 'its process ended: it ran out of memory';
  return fitting(`its process ended: ${printed || (signal ?? `exit code ${code}`)}`, 2_000);
}
