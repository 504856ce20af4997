import { settlesWithin } from '../ground/settles-within.ts';
import type { Emit } from '../events/events.ts';

/** The longest that closing one part may take: a server that is gone must not keep the process from ending. */
export const closeWithinMs = 2_000;

/** The longest that closing all parts together may take; it is used when the database does not answer. */
const atOnceMs = 500;

/** The parts of a process, in the order in which they were opened. */
export interface Closers {
  push(close: () => unknown, withinMs?: number): void;
  /** Closes one part after the other, the last one first; each gets its own time limit. */
  inOrder(): Promise<void>;
  /** Closes all remaining parts at the same time; waits half a second at most. */
  atOnce(): Promise<void>;
}

export function openClosers(emit: Emit): Closers {
  const parts: { close: () => unknown; withinMs: number }[] = [];
  let isAtOnce = false;
  const closePart = async ({ close }: (typeof parts)[number]) => void (await close());
  return {
    push: (close, withinMs = closeWithinMs) => void parts.push({ close, withinMs }),
    async inOrder() {
      for (let part = parts.pop(); part; part = parts.pop())
        await settlesWithin(part.withinMs, closePart(part)).catch((error: unknown) => {
          if (!isAtOnce) emit('part.unclosed', { err: error });
        });
    },
    async atOnce() {
      isAtOnce = true;
      const left = parts.splice(0).toReversed();
      await settlesWithin(atOnceMs, Promise.allSettled(left.map(closePart)));
    },
  };
}
