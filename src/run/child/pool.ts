import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Fenced } from '../../data/bots/fence.ts';
import { FaultError } from '../../data/fault-behind.ts';
import { messageOf } from '../../errors.ts';
import type { Stop } from '../run.ts';
import { Child, type ChildOptions } from './child.ts';
import { residentMb } from './memory.ts';
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

export interface Children {
  /** Waits until a child is free. Rejects when none can be started. */
  take(): Promise<Place>;
  /** Ends all of them, whatever they do. */
  close(): Promise<void>;
}

export interface PoolOptions extends Omit<ChildOptions, 'name'> {
  /** children that work at once at most */
  size: number;
  /** one more stands ready; unless told otherwise */
  isOneAhead?: boolean;
  /** Called with the name of a child that ended before it was told to: its database sessions may be at work. */
  onEnded(name: string): void;
}

/** How long a stopped task may take to end by itself. A run's deadline has passed by then. */
const graceMs: Record<Stop, number> = {
  timeout: 250,
  lost: 250,
  kill_switch: 250,
  cancelled: 2_000,
};

const watchEveryMs = 200;

/**
 * A further child is started when somebody has waited, or all have been busy, for this long. A start costs as
 * much as hundreds of short checks: while those hand the few children on, more of them would only be slower.
 */
const patienceMs = 100;

/** More starts at once than processors would only make each of them, and all that runs, slower. */
const mostStarting = availableParallelism();

/** A child is replaced after so many tasks: what checks leak does not add up for ever. */
const mostTasks = 10_000;

/**
 * Reused child processes, as many as are needed and one ahead: a start takes longer than most checks. They keep
 * faults apart, not malice: the catalogue's code is trusted.
 */
export function openChildren({
  size,
  isOneAhead = true,
  onEnded,
  ...options
}: PoolOptions): Children {
  const most = size + Number(isOneAhead);
  const living = new Set<Child>();
  const starting = new Set<Child>();
  // The one that worked last goes first: its code is warm and its connections are open.
  let idle: Child[] = [];
  // Each since when.
  const held = new Map<Child, number>();
  const waiting: { since: number; resolve(child: Child): void; reject(error: unknown): void }[] =
    [];
  let again: NodeJS.Timeout | null = null;
  let closed = false;

  function provide(): void {
    const count = () => starting.size + idle.length + held.size;
    while (!closed && starting.size < wanted() && count() < most) start();
    if (closed || again || idle.length > 0 || count() >= most) return;
    again = setTimeout(() => {
      again = null;
      provide();
    }, patienceMs);
    again.unref();
  }

  /** Children that are missing; those that are being started are among them. */
  function wanted(): number {
    const long = performance.now() - patienceMs;
    const waited = waiting.filter(({ since }) => since <= long).length;
    const allBusy = idle.length === 0 && [...held.values()].every((since) => since <= long);
    // Where there is none at all, nobody can become free.
    const first = held.size === 0 && idle.length === 0 && waiting.length > 0 ? 1 : 0;
    return Math.min(mostStarting, Math.max(first, waited + Number(allBusy)));
  }

  function start(): void {
    const name = `roundsman child ${randomBytes(6).toString('hex')}`;
    const child = new Child({ ...options, name });
    living.add(child);
    starting.add(child);
    void whenReady(child);
    void whenEnded(child);
  }

  async function whenReady(child: Child): Promise<void> {
    try {
      await child.ready;
      starting.delete(child);
      offer(child, 'last');
    } catch (error) {
      // Nobody waits: then the next one who does will hear of it, and nothing starts in a circle.
      starting.delete(child);
      waiting.shift()?.reject(error);
      if (waiting.length > 0) provide();
    }
  }

  async function whenEnded(child: Child): Promise<void> {
    await child.ended;
    living.delete(child);
    idle = idle.filter((each) => each !== child);
    held.delete(child);
    if (!closed) onEnded(child.name);
  }

  function offer(child: Child, turn: 'next' | 'last' = 'next'): void {
    if (child.isEnded) return;
    const next = waiting.shift();
    if (next) {
      held.set(child, performance.now());
      next.resolve(child);
    } else if (turn === 'next') idle.push(child);
    else idle.unshift(child);
  }

  function giveBack(child: Child): void {
    held.delete(child);
    if (child.tasks < mostTasks) offer(child);
    else child.kill('it has served its time');
    provide();
  }

  function take(): Promise<Child> {
    if (closed) return Promise.reject(new Error('the children were closed'));
    const child = idle.pop();
    if (child) {
      held.set(child, performance.now());
      provide();
      return Promise.resolve(child);
    }
    return new Promise((resolve, reject) => {
      waiting.push({ since: performance.now(), resolve, reject });
      provide();
    });
  }

  async function endWithin(ms: number, child: Child, why: Stop): Promise<void> {
    const grace = setTimeout(() => child.kill(why), ms);
    await child.settled();
    clearTimeout(grace);
    child.kill(why);
  }

  function placeOf(taken: Child): Place {
    let child = taken;
    let stopped: Child | null = null;
    // A task that waits for a fresh child, and whether anybody still wants it done.
    let waiting: { wanted: boolean } | null = null;

    async function another(): Promise<Child> {
      const mine = (waiting = { wanted: true });
      try {
        const next = await take().catch((error: unknown) => {
          // None could be started: the task has not begun, and is not to blame.
          throw new FaultError('process', messageOf(error));
        });
        if (mine.wanted) return next;
        giveBack(next);
        throw new Error('it was stopped before it began');
      } finally {
        waiting = null;
      }
    }

    return {
      async do(kind, task, run) {
        if (child.isEnded || child === stopped) child = await another();
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
        held.delete(child);
        provide();
        if (child !== stopped) child.kill('nobody waits for it any more');
      },
    };
  }

  async function watchMemory(): Promise<void> {
    for (const child of living) {
      if (!child.isBusy || child.pid === undefined) continue;
      const used = await residentMb(child.pid);
      if (used !== null && used > options.memoryMb)
        child.kill(`it held ${Math.round(used)} MB, and ${options.memoryMb} MB is the most`, true);
    }
  }
  const watching = setInterval(() => void watchMemory(), watchEveryMs);
  watching.unref();
  provide();

  return {
    take: async () => placeOf(await take()),
    async close() {
      closed = true;
      clearInterval(watching);
      if (again) clearTimeout(again);
      for (const { reject } of waiting.splice(0)) reject(new Error('the children were closed'));
      for (const child of living) child.kill('its worker stops');
      await Promise.all([...living].map((child) => child.ended));
    },
  };
}
