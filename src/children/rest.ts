import { watchBuiltIns } from './built-ins.ts';
import { watchHeap } from './heap.ts';
import { watchLeftBehind } from './left-behind.ts';
import { watchOwnState } from './own-state.ts';
import type { Rest } from './protocol.ts';
import { watchTypeParsers } from './type-parsers.ts';

/** In characters and in number; see the message's shape (message.ts). */
const longest = 200;
const most = 100;

/** Looks after a child's own process. */
export interface Watch {
  /** What goes on after a task, and the memory that it left: after each task, so it is cheap. */
  rest(): Promise<Rest>;
  /** And all else that a task may have changed: before the process serves other code. */
  inspect(): Promise<Rest>;
}

/**
 * Remembers how this process is before its first task; afterwards it says what is different. A fresh process costs as
 * much as hundreds of runs, so it is used again where nothing is; to restore what was changed would need to know all
 * that can be.
 */
export function watchSelf(mark: string): Watch {
  const changedBuiltIns = watchBuiltIns();
  const changed = watchOwnState();
  const changedParsers = watchTypeParsers();
  const leftBehind = watchLeftBehind(mark);
  const held = watchHeap();
  const restOf = (left: string[]): Rest => ({
    left: left.slice(0, most).map((each) => each.slice(0, longest)),
    ...held(),
  });
  return {
    rest: async () => restOf(await leftBehind.atWork()),
    async inspect() {
      // First: what looks at the rest is made of them.
      const broken = changedBuiltIns();
      if (broken.length > 0) return { left: broken, heapMb: 0, residentMb: 0 };
      return restOf([...(await leftBehind.all()), ...changed(), ...changedParsers()]);
    },
  };
}
