import type { Fenced } from '../data/bots/fence.ts';
import { FaultError } from '../database/faults/fault-behind.ts';
import { messageOf } from '../ground/errors.ts';
import type { Child } from './child.ts';
import type { Stop, TaskTable } from './protocol.ts';

/** A child process that is lent to one run. */
export interface ChildLease<Tasks extends TaskTable<Tasks>> {
  /**
   * One task at a time. Rejects with the error that the task threw, with LostRunError when its run was taken over, or
   * with ChildEndedError when its process ended; the next task then gets a fresh child.
   */
  do<K extends keyof Tasks & string>(
    kind: K,
    task: Tasks[K]['task'],
    run?: Fenced,
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

/** How long a stopped task may take to end by itself. A run's deadline has passed by then. */
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
  /** Whether its tasks have left the child in a state that is fit for `code`; a child that is not fit is ended. */
  isFitFor(child: Child, code: string): Promise<boolean>;
  giveBack(child: Child): void;
  /** The child is not used again. */
  drop(child: Child): void;
}

async function endWithin(ms: number, child: Child, why: Stop): Promise<void> {
  const grace = setTimeout(() => child.kill(why), ms);
  await child.settled();
  clearTimeout(grace);
  child.kill(why);
}

/** Tasks as the pool sees them: it knows only their kinds. */
export type AnyTasks = Record<string, { task: unknown; result: unknown }>;

export function leaseOf(
  taken: Child,
  { codeOf, take, isFitFor, giveBack, drop }: Lender,
): ChildLease<AnyTasks> {
  let child = taken;
  let stopped: Child | null = null;
  // A task that waits for its child, and whether its run still wants the result.
  let waiting: { wanted: boolean } | null = null;

  async function another(mine: { wanted: boolean }, code: string): Promise<Child> {
    const next = await take(code).catch((error: unknown) => {
      // No child could be started: the task has not begun, and is not to blame.
      throw new FaultError('process', messageOf(error));
    });
    if (!mine.wanted) giveBack(next);
    return next;
  }

  return {
    async do(kind, task, run) {
      const mine = (waiting = { wanted: true });
      const code = codeOf(kind, task);
      try {
        const isUsable = async () =>
          !child.isEnded && child !== stopped && (await isFitFor(child, code));
        while (!(await isUsable()) && mine.wanted) {
          const next = await another(mine, code);
          if (mine.wanted) child = next;
        }
        if (!mine.wanted) throw new Error('it was stopped before it began');
      } finally {
        waiting = null;
      }
      return child.do(kind, task, run);
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
