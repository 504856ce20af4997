import type { ChildLease } from './tasks/children.ts';
import { codeOfBot } from './tasks/task.ts';
import type { Engine } from './engine.ts';
import type { Stop } from '../children/protocol.ts';
import type { Run } from './writer/run.ts';

/** Where a run's checks are carried out, and what time it is there by the database's clock. */
export interface Held {
  place: ChildLease;
  now(): Date;
  /** until its deadline */
  leftMs(): number;
}

/** Gives a run a child for the length of `work`. The deadline starts when a child is free. */
export async function inPlace<Result>(
  { children }: Engine,
  run: Run,
  work: (held: Held) => Promise<Result>,
): Promise<Result> {
  const began = performance.now();
  const place = await children.take(codeOfBot(run.bot.endpoint));
  const until = performance.now() + run.timeoutMs;
  const deadline = setTimeout(() => run.stop('timeout'), run.timeoutMs);
  const stop = () => place.stop(run.signal.reason as Stop);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    return await work({
      place,
      now: () => new Date(run.startedAt.getTime() + performance.now() - began),
      leftMs: () => until - performance.now(),
    });
  } finally {
    clearTimeout(deadline);
    run.signal.removeEventListener('abort', stop);
    place.release();
  }
}
