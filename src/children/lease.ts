import type { Fenced } from '../data/bots/fence.ts';
import { FaultError } from '../database/faults/fault-behind.ts';
import { messageOf } from '../ground/errors.ts';
import type { Child } from './child.ts';
import type { Stop, TaskTable } from './protocol.ts';

/** A child process that is lent to one run. */
export interface ChildLease<Tasks extends TaskTable<Tasks>> {
  /**
   * Carries out a task, one at a time; `onUpdate` gets each value that the task sends meanwhile. Rejects with the error that the
   * task threw, with LostRunError when its run was taken over, or with ChildEndedError when its process ended; the next task then
   * gets a fresh child.
   */
  do<K extends keyof Tasks & string>(
    kind: K,
    task: Tasks[K]['task'],
    run?: Fenced,
    onUpdate?: (update: unknown) => void,
  ): Promise<Tasks[K]['result']>;
  /**
   * Aborts the signal of the current task. The child's process is ended when the task has ended, or after its grace
   * period. A task that still waits for a fresh child is not begun. The next task gets a fresh child.
   */
  stop(why: Stop): void;
  /**
   * Gives the child back. A child that was stopped is not used again, because part of its task may still be running.
   */
  release(): void;
}

/** How long a stopped task may take to end by itself, in ms. For a timeout, this time comes after the run's deadline. */
const graceMs: Record<Stop, number> = {
  timeout: 250,
  lost: 250,
  kill_switch: 250,
  cancelled: 2_000,
};

/** The pool, as a lease sees it. */
export interface Lender {
  codeOf(kind: string, task: unknown): string;
  take(code: string): Promise<Child>;
  /** Whether the child may carry out `code` after its earlier tasks; a child that may not is ended. */
  isFitFor(child: Child, code: string): Promise<boolean>;
  giveBack(child: Child): void;
  /** Takes the child out of the pool: it is not used again. */
  drop(child: Child): void;
}

async function endWithin(ms: number, child: Child, why: Stop): Promise<void> {
  const grace = setTimeout(() => child.kill(why), ms);
  await child.whenTaskEnded();
  clearTimeout(grace);
  child.kill(why);
}

/** Tasks as the pool sees them: it knows only their kinds. */
export type AnyTasks = Record<string, { task: unknown; result: unknown }>;

export function leaseOf(
  firstChild: Child,
  { codeOf, take, isFitFor, giveBack, drop }: Lender,
): ChildLease<AnyTasks> {
  let child = firstChild;
  let stopped: Child | null = null;
  // The task that waits for its child, and whether its run still wants the result.
  let waiting: { wanted: boolean } | null = null;

  async function freshChild(mine: { wanted: boolean }, code: string): Promise<Child> {
    const next = await take(code).catch((error: unknown) => {
      // No child could be started: the task has not begun, and is not to blame.
      throw new FaultError('process', messageOf(error));
    });
    if (!mine.wanted) giveBack(next);
    return next;
  }

  return {
    async do(kind, task, run, onUpdate) {
      const request = (waiting = { wanted: true });
      const code = codeOf(kind, task);
      try {
        const isUsable = async () =>
          !child.isEnded && child !== stopped && (await isFitFor(child, code));
        while (!(await isUsable()) && request.wanted) {
          const next = await freshChild(request, code);
          if (request.wanted) child = next;
        }
        if (!request.wanted) throw new Error('it was stopped before it began');
      } finally {
        waiting = null;
      }
      return child.do(kind, task, run, onUpdate);
    },
    stop(why) {
      if (waiting) waiting.wanted = false;
      if (stopped === child || !child.isBusy) return;
      stopped = child;
      child.stop(why);
      void endWithin(graceMs[why], child, why);
    },
    release() {
      if (waiting) waiting.wanted = false;
      if (child.isEnded) return;
      if (child !== stopped && !child.isBusy) return giveBack(child);
      drop(child);
      if (child !== stopped) child.kill('its run is over');
    },
  };
}
