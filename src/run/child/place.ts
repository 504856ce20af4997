import type { Fenced } from '../../data/bots/fence.ts';
import { FaultError } from '../../data/fault-behind.ts';
import { messageOf } from '../../errors.ts';
import type { Stop } from '../run.ts';
import type { Child } from './child.ts';
import type { Kind, Tasks } from './task.ts';

/** One run's hold of a child process. */
export interface Place {
  /**
   * One task at a time. Rejects with what it threw, with LostRunError when its run was taken over, or
   * with ChildEndedError when its process ended; the next task then gets a fresh one.
   */
  do<K extends Kind>(kind: K, task: Tasks[K]['task'], run?: Fenced): Promise<Tasks[K]['result']>;
  /**
   * What is under way sees its signal aborted. Its process is ended when it has, or after its grace. A task
   * that still waits for a fresh child is not begun. The next task gets a fresh one.
   */
  stop(why: Stop): void;
  /** Gives the child back. One that was stopped is not used again: something of its task may go on. */
  release(): void;
}

/** How long a stopped task may take to end by itself. A run's deadline has passed by then. */
const graceMs: Record<Stop, number> = {
  timeout: 250,
  lost: 250,
  kill_switch: 250,
  cancelled: 2_000,
};

/** The task that a child was given last. */
export interface Last {
  kind: Kind;
  task: unknown;
}

/** The pool, as a place sees it. */
export interface Lender {
  take(): Promise<Child>;
  /** Whether its last task has left it as it was; one that has not is ended. */
  isUnchanged(child: Child, last: Last | null): Promise<boolean>;
  giveBack(child: Child, last: Last | null): void;
  /** It is not used again. */
  drop(child: Child): void;
}

async function endWithin(ms: number, child: Child, why: Stop): Promise<void> {
  const grace = setTimeout(() => child.kill(why), ms);
  await child.settled();
  clearTimeout(grace);
  child.kill(why);
}

export function placeOf(taken: Child, { take, isUnchanged, giveBack, drop }: Lender): Place {
  let child = taken;
  let last: Last | null = null;
  let stopped: Child | null = null;
  // A task that waits for its child, and whether its run still wants it done.
  let waiting: { wanted: boolean } | null = null;

  async function another(mine: { wanted: boolean }): Promise<Child> {
    const next = await take().catch((error: unknown) => {
      // None could be started: the task has not begun, and is not to blame.
      throw new FaultError('process', messageOf(error));
    });
    last = null;
    if (!mine.wanted) giveBack(next, null);
    return next;
  }

  return {
    async do(kind, task, run) {
      const mine = (waiting = { wanted: true });
      try {
        const isUsable = !child.isEnded && child !== stopped && (await isUnchanged(child, last));
        if (mine.wanted && !isUsable) {
          const next = await another(mine);
          if (mine.wanted) child = next;
        }
        if (!mine.wanted) throw new Error('it was stopped before it began');
      } finally {
        waiting = null;
      }
      last = { kind, task };
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
      if (child !== stopped && !child.isBusy) return giveBack(child, last);
      drop(child);
      if (child !== stopped) child.kill('its run is over');
    },
  };
}
