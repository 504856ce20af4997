import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Child, type ChildOptions } from './child.ts';
import { excessGrowth, watchMemory } from './memory.ts';
import { leaseOf, type ChildLease, type Lender } from './lease.ts';
import type { IdleReport, TaskTable } from './protocol.ts';

export interface ChildPool<Tasks extends TaskTable<Tasks>> {
  /**
   * Waits until a child is free; a child that has carried out `code` before (see TaskRules) is preferred. Rejects when
   * no child can be started.
   */
  take(code?: string): Promise<ChildLease<Tasks>>;
  /** Ends all children, whatever they do. */
  close(): Promise<void>;
}

export interface PoolOptions extends Omit<ChildOptions, 'name'> {
  /** the most children that work at once */
  size: number;
  /** whether one more child stands ready; true unless told otherwise */
  isOneAhead?: boolean;
  /** Called with the name of a child that ended unexpectedly: its database sessions may still be active. */
  onEnded(name: string): void;
  /** Called when a task changed its process, or left something in it; that process is not used again. */
  onChanged?(kind: string, task: unknown, left: string[]): void;
  /** how long a child may take to load the catalogue, in ms; the default is a minute */
  startWithinMs?: number;
}

/**
 * A further child is started when a run has waited, or all children have been busy, for this long. A start costs as
 * much as hundreds of short checks: while few children serve many short checks, more children would only make these
 * slower.
 */
const spawnDelayMs = 100;

/** More starts at once than processors would only slow down each start and everything else. */
const maxStarting = availableParallelism();

/** A child that was idle for this long inspects everything that its tasks may have changed. */
const inspectAfterMs = 20;

/** A child is replaced after this many tasks, so that what checks leak does not add up for ever. */
const maxTasks = 10_000;

interface Waiting {
  since: number;
  code: string | undefined;
  resolve(child: Child): void;
  reject(error: unknown): void;
}

/**
 * Reused child processes, as many as are needed and one ahead, because a start takes longer than most checks. They
 * contain faults; they do not protect against malice: the catalogue's code is trusted.
 */
export function openPool<Tasks extends TaskTable<Tasks>>({
  size,
  isOneAhead = true,
  onEnded,
  onChanged = () => {},
  startWithinMs = 60_000,
  ...options
}: PoolOptions): ChildPool<Tasks> {
  const most = size + Number(isOneAhead);
  const living = new Set<Child>();
  const starting = new Set<Child>();
  // The child that worked last is used first: its code is warm and its connections are open.
  let idle: Child[] = [];
  // Child -> the time at which it became busy.
  const held = new Map<Child, number>();
  const waiting: Waiting[] = [];
  let again: NodeJS.Timeout | null = null;
  let closed = false;

  function provide(): void {
    const count = () => starting.size + idle.length + held.size;
    while (!closed && starting.size < countMissing() && count() < most) if (!start()) break;
    if (closed || again || idle.length > 0 || count() >= most) return;
    again = setTimeout(() => {
      again = null;
      provide();
    }, spawnDelayMs);
    again.unref();
  }

  /** How many children are missing, including those that are being started. */
  function countMissing(): number {
    const long = performance.now() - spawnDelayMs;
    const waited = waiting.filter(({ since }) => since <= long).length;
    const allBusy = idle.length === 0 && [...held.values()].every((since) => since <= long);
    // When there is no child at all, none can become free.
    const first = held.size === 0 && idle.length === 0 && waiting.length > 0 ? 1 : 0;
    return Math.min(maxStarting, Math.max(first, waited + Number(allBusy)));
  }

  /** False when the system starts no process; then the run that has waited longest gets the error. */
  function start(): boolean {
    const name = `roundsman child ${randomBytes(6).toString('hex')}`;
    let child: Child;
    try {
      child = new Child({ ...options, name });
    } catch (error) {
      waiting.shift()?.reject(error);
      return false;
    }
    living.add(child);
    starting.add(child);
    void whenReady(child);
    void whenEnded(child);
    return true;
  }

  async function whenReady(child: Child): Promise<void> {
    const late = setTimeout(
      () => child.kill(`it was not ready within ${startWithinMs / 1000} s`),
      startWithinMs,
    );
    try {
      await child.ready.finally(() => clearTimeout(late));
      starting.delete(child);
      offer(child, 'last');
    } catch (error) {
      // No run waits now: the next one gets the error, so that children are not started in a loop.
      starting.delete(child);
      waiting.shift()?.reject(error);
      if (waiting.length > 0) provide();
    }
  }

  async function whenEnded(child: Child): Promise<void> {
    await child.ended;
    idle = idle.filter((each) => each !== child);
    held.delete(child);
    if (!closed) onEnded(child.name);
    // It counted towards the limit of children; now another one may be started for a run that waits.
    provide();
    await child.swept;
    living.delete(child);
  }

  function offer(child: Child, turn: 'next' | 'last' = 'next'): void {
    if (child.isEnded) return;
    const next = nextFor(child);
    if (next) {
      held.set(child, performance.now());
      return next.resolve(child);
    }
    if (turn === 'next') idle.push(child);
    else idle.unshift(child);
    if (!child.wantsInspection()) return;
    const { tasks } = child;
    setTimeout(() => void (child.tasks === tasks && inspectIdle(child)), inspectAfterMs).unref();
  }

  /**
   * The first waiting task of the code that the child carried out last; or the task that has waited longest, once that
   * is too long.
   */
  function nextFor(child: Child): Waiting | undefined {
    const [first] = waiting;
    if (!first) return undefined;
    const same = waiting.findIndex(({ code }) => code === child.last?.code);
    const isLate = first.since <= performance.now() - spawnDelayMs;
    return waiting.splice(isLate ? 0 : Math.max(0, same), 1)[0];
  }

  async function inspectIdle(child: Child): Promise<void> {
    if (!idle.includes(child) || !child.wantsInspection()) return;
    idle = idle.filter((each) => each !== child);
    held.set(child, performance.now());
    if (isUnchanged(child, await child.inspect())) {
      held.delete(child);
      offer(child);
    }
    provide();
  }

  async function giveBack(child: Child): Promise<void> {
    // A child that has ended, or that is ended now, leaves the pool by itself.
    if (isUnchanged(child, await child.idle())) {
      held.delete(child);
      if (child.tasks < maxTasks) offer(child);
      else child.kill('it has reached the limit of tasks for a child');
    }
    provide();
  }

  async function isFitFor(child: Child, code: string): Promise<boolean> {
    if (!isUnchanged(child, await child.idle())) return false;
    return !child.wantsInspection(code) || isUnchanged(child, await child.inspect());
  }

  /** Called once the child is idle; ends a child that a task has changed. */
  function isUnchanged(child: Child, report: IdleReport | null): boolean {
    if (child.isEnded) return false;
    const changed = [...(report?.left ?? []), ...excessGrowth(child.growthMb, options.memoryMb)];
    if (changed.length === 0) return true;
    if (child.last) onChanged(child.last.kind, child.last.task, changed);
    child.kill('a task had changed it');
    return false;
  }

  function take(code?: string): Promise<Child> {
    if (closed) return Promise.reject(new Error('the children were closed'));
    const child = idle.findLast(({ last }) => last?.code === code) ?? idle.at(-1);
    if (child) {
      idle = idle.filter((each) => each !== child);
      held.set(child, performance.now());
      provide();
      return Promise.resolve(child);
    }
    return new Promise((resolve, reject) => {
      waiting.push({ since: performance.now(), code, resolve, reject });
      provide();
    });
  }

  const lender: Lender = {
    codeOf: options.codeOf,
    take,
    isFitFor,
    giveBack: (child) => void giveBack(child),
    drop(child) {
      held.delete(child);
      provide();
    },
  };

  const watching = watchMemory(living, options.memoryMb);
  provide();

  return {
    // The rules in the options know which tasks there are.
    take: async (code) => leaseOf(await take(code), lender) as ChildLease<Tasks>,
    async close() {
      closed = true;
      watching.stop();
      if (again) clearTimeout(again);
      for (const { reject } of waiting.splice(0)) reject(new Error('the children were closed'));
      for (const child of living) child.kill('its worker stops');
      await Promise.all([...living].map((child) => child.swept));
    },
  };
}
