import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry, RunQueue } from '../queue/run-queue.ts';
import { giveBackRuns, runsToGiveBack } from '../transitions/runs/give-back.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/** A row that a transaction of its run still holds is asked for again, for less than a stop waits for all of it. */
const lockedRowsMs = 4_500;
const pauseMs = 100;

/**
 * Gives runs back that a drain could not wait for: `queued` again, the attempt not counted. What they
 * still do is dropped. They are stopped first: a remedy in its transaction holds its run's row until its child has
 * ended.
 */
export function giveBack(
  { db, queue }: Pick<Engine, 'db' | 'queue'>,
  runs: Run[],
): Promise<number> {
  for (const run of runs) run.stop('lost');
  return giveBackWhatIsFree(queue, runs, {
    async give(left) {
      const free = await giveBackRuns(db, left);
      return { given: free.length, entries: free.filter(({ status }) => status === 'queued') };
    },
    remaining: (left) => runsToGiveBack(db, left),
  });
}

export interface GivingBack<Run> {
  /** Gives back those whose rows are free: how many, and the entries of those that are queued now. */
  give(runs: Run[]): Promise<{ given: number; entries: Entry[] }>;
  /** The ids of those that could not be given back yet. */
  remaining(runs: Run[]): Promise<Set<string>>;
}

/** Again and again, until none remains or time is up. Resolves with how many were given back; the leases of the others run out. */
export async function giveBackWhatIsFree<Run extends { id: string }>(
  queue: Pick<RunQueue, 'add'>,
  runs: Run[],
  { give, remaining }: GivingBack<Run>,
): Promise<number> {
  const adding: Promise<void>[] = [];
  const until = performance.now() + lockedRowsMs;
  let all = 0;
  for (let left = runs; left.length > 0;) {
    const { given, entries } = await give(left);
    all += given;
    // A queue that is away must not keep the rest: rescue finds rows without an entry.
    const added = queue.add(entries);
    added.catch(() => {});
    adding.push(added);
    const held = await remaining(left);
    left = left.filter(({ id }) => held.has(id));
    if (left.length === 0 || performance.now() > until) break;
    await sleep(pauseMs);
  }
  await Promise.all(adding);
  return all;
}
