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
  /** whether the pool keeps one child more than are working; true by default */
  isOneAhead?: boolean;
  /** Called with the name of a child that ended unexpectedly: its database sessions may still be active. */
  onEnded(name: string): void;
  /** Called when a task changed its process, or left something active in it; that process is not used again. */
  onChanged?(kind: string, task: unknown, changes: string[]): void;
  /** how long a child may take to load the catalogue, in ms; the default is a minute */
  startWithinMs?: number;
}

/**
 * A further child is started when a run has waited, or all children have been busy, for this long. A start costs as
 * much as hundreds of short checks: while few children serve many short checks, more children would only make these
 * slower.
 */
const spawnDelayMs = 100;

/** The most starts at once. With more starts than processors, each start and everything else would only be slower. */
const maxStarting = availableParallelism();

/** A child that was idle for this long inspects everything that its tasks may have changed. */
const inspectAfterMs = 20;

/** A child is replaced after this many tasks, so that what checks leak does not add up for ever. */
const maxTasks = 10_000;

/** A request for a child that waits until one is free. */
interface ChildRequest {
  since: number;
  code: string | undefined;
  resolve(child: Child): void;
  reject(error: unknown): void;
}

/**
 * Opens a pool of child processes that are used again and again. It has as many as are needed and one more, because a
 * start takes longer than most checks. Child processes keep faults away from the worker; they do not protect against
 * malice: the catalogue's code is trusted.
 */
export function openPool<Tasks extends TaskTable<Tasks>>({
  size,
  isOneAhead = true,
  onEnded,
  onChanged = () => {},
  startWithinMs = 60_000,
  ...options
}: PoolOptions): ChildPool<Tasks> {
  const maxChildren = size + Number(isOneAhead);
  const living = new Set<Child>();
  const starting = new Set<Child>();
  // The child that worked last is used first: its code is warm and its connections are open.
  let idle: Child[] = [];
  // Child -> the time at which it became busy.
  const busySince = new Map<Child, number>();
  const waiting: ChildRequest[] = [];
  let retryTimer: NodeJS.Timeout | null = null;
  let closed = false;

  function startMissing(): void {
    const count = () => starting.size + idle.length + busySince.size;
    while (!closed && starting.size < countMissing() && count() < maxChildren) if (!start()) break;
    if (closed || retryTimer || idle.length > 0 || count() >= maxChildren) return;
    retryTimer = setTimeout(() => {
      retryTimer = null;
      startMissing();
    }, spawnDelayMs);
    retryTimer.unref();
  }

  /** How many children have to be starting now. */
  function countMissing(): number {
    const longAgo = performance.now() - spawnDelayMs;
    const waited = waiting.filter(({ since }) => since <= longAgo).length;
    const allBusy = idle.length === 0 && [...busySince.values()].every((since) => since <= longAgo);
    // When there is no child at all, none can become free.
    const firstChild = busySince.size === 0 && idle.length === 0 && waiting.length > 0 ? 1 : 0;
    return Math.min(maxStarting, Math.max(firstChild, waited + Number(allBusy)));
  }

  /** Starts a child. Returns false when the system starts no process; then the oldest waiting request gets the error. */
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
    const timer = setTimeout(
      () => child.kill(`it was not ready within ${startWithinMs / 1000} s`),
      startWithinMs,
    );
    try {
      await child.ready.finally(() => clearTimeout(timer));
      starting.delete(child);
      offer(child, 'last');
    } catch (error) {
      // Only one waiting request gets the error, and another child is started only for a further request: otherwise
      // children would be started in an endless loop.
      starting.delete(child);
      waiting.shift()?.reject(error);
      if (waiting.length > 0) startMissing();
    }
  }

  async function whenEnded(child: Child): Promise<void> {
    await child.ended;
    idle = idle.filter((each) => each !== child);
    busySince.delete(child);
    if (!closed) onEnded(child.name);
    // It counted towards the limit of children; now another one may be started for a run that waits.
    startMissing();
    await child.swept;
    living.delete(child);
  }

  function offer(child: Child, turn: 'next' | 'last' = 'next'): void {
    if (child.isEnded) return;
    const next = nextFor(child);
    if (next) {
      busySince.set(child, performance.now());
      return next.resolve(child);
    }
    if (turn === 'next') idle.push(child);
    else idle.unshift(child);
    if (!child.wantsInspection()) return;
    const { tasks } = child;
    setTimeout(() => void (child.tasks === tasks && inspectIdle(child)), inspectAfterMs).unref();
  }

  /**
   * Takes the request that this child serves next: the oldest one for the code that the child carried out last, else the oldest
   * of all. The oldest of all comes first once it has waited for {@link spawnDelayMs}.
   */
  function nextFor(child: Child): ChildRequest | undefined {
    const [first] = waiting;
    if (!first) return undefined;
    const same = waiting.findIndex(({ code }) => code === child.last?.code);
    const isLate = first.since <= performance.now() - spawnDelayMs;
    return waiting.splice(isLate ? 0 : Math.max(0, same), 1)[0];
  }

  async function inspectIdle(child: Child): Promise<void> {
    if (!idle.includes(child) || !child.wantsInspection()) return;
    idle = idle.filter((each) => each !== child);
    busySince.set(child, performance.now());
    if (isUnchanged(child, await child.inspect())) {
      busySince.delete(child);
      offer(child);
    }
    startMissing();
  }

  async function giveBack(child: Child): Promise<void> {
    // A child that has ended, or that is ended now, leaves the pool by itself.
    if (isUnchanged(child, await child.idle())) {
      busySince.delete(child);
      if (child.tasks < maxTasks) offer(child);
      else child.kill('it has reached the limit of tasks for a child');
    }
    startMissing();
  }

  async function isFitFor(child: Child, code: string): Promise<boolean> {
    if (!isUnchanged(child, await child.idle())) return false;
    return !child.wantsInspection(code) || isUnchanged(child, await child.inspect());
  }

  /** Whether no task has changed the child, by its report. Ends a changed child. Call this only while it is idle. */
  function isUnchanged(child: Child, report: IdleReport | null): boolean {
    if (child.isEnded) return false;
    const changed = [...(report?.changes ?? []), ...excessGrowth(child.growthMb, options.memoryMb)];
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
      busySince.set(child, performance.now());
      startMissing();
      return Promise.resolve(child);
    }
    return new Promise((resolve, reject) => {
      waiting.push({ since: performance.now(), code, resolve, reject });
      startMissing();
    });
  }

  const lender: Lender = {
    codeOf: options.codeOf,
    take,
    isFitFor,
    giveBack: (child) => void giveBack(child),
    drop(child) {
      busySince.delete(child);
      startMissing();
    },
  };

  const memoryWatch = watchMemory(living, options.memoryMb);
  startMissing();

  return {
    // The rules in the options know which tasks there are.
    take: async (code) => leaseOf(await take(code), lender) as ChildLease<Tasks>,
    async close() {
      closed = true;
      memoryWatch.stop();
      if (retryTimer) clearTimeout(retryTimer);
      for (const { reject } of waiting.splice(0)) reject(new Error('the children were closed'));
      for (const child of living) child.kill('its worker stops');
      await Promise.all([...living].map((child) => child.swept));
    },
  };
}
