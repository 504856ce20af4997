/** Asks many servers, a few at the same time, within one deadline for all. */
import type { CheckContext } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** The time of the check is over: what was being asked then was not answered, and nothing is known about it. */
export const outOfTime = Symbol('out of time');

/**
 * The answer for each item, in the order of the items; {@link outOfTime} for those that were not answered by the deadline.
 * Rejects when the run is stopped.
 */
export async function atOnce<Item, Answer>(
  items: readonly Item[],
  { at_once, max_seconds }: Pick<Config, 'at_once' | 'max_seconds'>,
  { signal: stopped, progress }: Pick<CheckContext, 'signal' | 'progress'>,
  ask: (item: Item, signal: AbortSignal) => Promise<Answer>,
): Promise<(Answer | typeof outOfTime)[]> {
  const deadline = AbortSignal.timeout(max_seconds * 1_000);
  const signal = AbortSignal.any([stopped, deadline]);
  const answers = items.map((): Answer | typeof outOfTime => outOfTime);
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < items.length && !signal.aborted) {
      const at = next;
      next += 1;
      const answer = await ask(items[at]!, signal);
      // An answer after the deadline says nothing: its request was broken off.
      if (!signal.aborted) answers[at] = answer;
      done += 1;
      progress(done / items.length, `${done} of ${items.length} asked`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(at_once, items.length) }, work));
  stopped.throwIfAborted();
  return answers;
}
