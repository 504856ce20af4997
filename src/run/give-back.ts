import { setTimeout as sleep } from 'node:timers/promises';
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
export async function giveBack(
  { db, queue }: Pick<Engine, 'db' | 'queue'>,
  runs: Run[],
): Promise<number> {
  for (const run of runs) run.stop('lost');
  const adding: Promise<void>[] = [];
  const until = performance.now() + lockedRowsMs;
  let given = 0;
  for (let left = runs; left.length > 0;) {
    const free = await giveBackRuns(db, left);
    given += free.length;
    // A queue that is away must not keep the rest: rescue finds rows without an entry.
    const added = queue.add(free.filter(({ status }) => status === 'queued'));
    added.catch(() => {});
    adding.push(added);
    const held = await runsToGiveBack(db, left);
    left = left.filter(({ id }) => held.has(id));
    if (left.length === 0 || performance.now() > until) break;
    await sleep(pauseMs);
  }
  await Promise.all(adding);
  return given;
}
