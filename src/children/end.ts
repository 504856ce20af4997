/** How a child's process ended, and whether that is what its task has done. */
import { FaultError } from '../database/faults/fault-behind.ts';
import { fitting } from '../ground/text.ts';
import { isLeftBehind, isOwnEnd } from './last-words.ts';

/**
 * The process ended before its task was done; the message says how. Its cause is a {@link FaultError} where the task
 * is not to blame.
 */
export class ChildEndedError extends Error {
  override readonly name = 'ChildEndedError';

  constructor(how: string, isFault: boolean) {
    super(how, { cause: isFault ? new FaultError('process', how) : undefined });
  }
}

/**
 * Signals that come from outside of a process: an operator's, a process manager's, and SIGKILL, which is also the
 * kernel's when the machine runs out of memory. A task that sends SIGKILL to its own process cannot be told apart.
 * All others, as SIGSEGV and SIGABRT, are the process' own crash.
 */
const fromOutside = new Set<NodeJS.Signals | null>([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
]);

/** Why the worker killed it; `taskIsToBlame` where the task went beyond what it may take. */
export interface Killed {
  why: string;
  taskIsToBlame: boolean;
}

/** `heard` is what it said last on standard error; `killed` is null where the worker did not kill it. */
export function endOf(
  exit: { code: number | null; signal: NodeJS.Signals | null },
  heard: string,
  killed: Killed | null,
): ChildEndedError {
  if (killed)
    return new ChildEndedError(`its process was ended: ${killed.why}`, !killed.taskIsToBlame);
  const isFault = isLeftBehind(heard) || (fromOutside.has(exit.signal) && !isOwnEnd(heard));
  return new ChildEndedError(obituary(exit, heard.trim()), isFault);
}

function obituary({ code, signal }: Parameters<typeof endOf>[0], heard: string): string {
  if (/heap out of memory|Array buffer allocation failed/.test(heard))
    return 'its process ended: it ran out of memory';
  return fitting(`its process ended: ${heard || (signal ?? `exit code ${code}`)}`, 2_000);
}
