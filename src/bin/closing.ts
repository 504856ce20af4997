import { within } from '../ground/within.ts';
import type { Emit } from '../events/events.ts';

/** What a part may take to close: a server that is gone must not keep the process from ending. */
export const closeWithinMs = 2_000;

/** What all of them may take together where the database has fallen silent. */
const atOnceMs = 500;

/** The parts of a process, in the order in which they were opened. */
export interface Closing {
  push(close: () => unknown, withinMs?: number): void;
  /** One after the other, the last one first; each for as long as it may take. */
  inOrder(): Promise<void>;
  /** All that are left, without waiting for one to begin with the next; for half a second. */
  atOnce(): Promise<void>;
}

export function openClosing(emit: Emit): Closing {
  const parts: { close: () => unknown; withinMs: number }[] = [];
  let isAtOnce = false;
  const closed = async ({ close }: (typeof parts)[number]) => void (await close());
  return {
    push: (close, withinMs = closeWithinMs) => void parts.push({ close, withinMs }),
    async inOrder() {
      for (let part = parts.pop(); part; part = parts.pop())
        await within(part.withinMs, closed(part)).catch((error: unknown) => {
          if (!isAtOnce) emit('part.unclosed', { err: error });
        });
    },
    async atOnce() {
      isAtOnce = true;
      const left = parts.splice(0).toReversed();
      await within(atOnceMs, Promise.allSettled(left.map(closed)));
    },
  };
}
