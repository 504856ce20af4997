import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry, RunQueue } from '../queue/run-queue.ts';
import { giveBackRuns, runsToGiveBack } from '../transitions/runs/give-back.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/**
 * For how long this process tries to give back a run whose row is still locked by one of the run's own transactions. A process
 * that stops has a little more time than this.
 */
const lockedRowsMs = 4_500;
const pauseMs = 100;

/**
 * Gives back the runs that did not end in the time of a drain: they are `queued` again, and the attempt is not counted.
 * Results that they still produce are dropped. The runs are stopped first, because a remedy in its transaction locks
 * its run's row until its child has ended.
 */
export function giveBack(
  { db, queue }: Pick<Engine, 'db' | 'queue'>,
  runs: Run[],
): Promise<number> {
  for (const run of runs) run.stop('lost');
  return giveBackUnlocked(queue, runs, {
    async give(left) {
      const free = await giveBackRuns(db, left);
      return { given: free.length, entries: free.filter(({ status }) => status === 'queued') };
    },
    remaining: (left) => runsToGiveBack(db, left),
  });
}

/** How runs of one kind are given back. */
export interface GiveBackMethod<Kind> {
  /** Gives back the runs whose rows are not locked. Returns how many, and the entries of those that are now queued. */
  give(runs: Kind[]): Promise<{ given: number; entries: Entry[] }>;
  /** The ids of the runs that could not be given back yet. */
  remaining(runs: Kind[]): Promise<Set<string>>;
}

/**
 * Gives back runs whose rows are not locked, and tries again until no run remains or time is up. Resolves with how many runs
 * were given back; the leases of the others run out.
 */
export async function giveBackUnlocked<Kind extends { id: string }>(
  queue: Pick<RunQueue, 'add'>,
  runs: Kind[],
  { give, remaining }: GiveBackMethod<Kind>,
): Promise<number> {
  const adding: Promise<void>[] = [];
  const until = performance.now() + lockedRowsMs;
  let total = 0;
  for (let left = runs; left.length > 0;) {
    const { given, entries } = await give(left);
    total += given;
    // An unreachable queue must not keep the other runs from being given back: rescue finds rows without an entry.
    const added = queue.add(entries);
    added.catch(() => {});
    adding.push(added);
    const stillLocked = await remaining(left);
    left = left.filter(({ id }) => stillLocked.has(id));
    if (left.length === 0 || performance.now() > until) break;
    await sleep(pauseMs);
  }
  await Promise.all(adding);
  return total;
}
