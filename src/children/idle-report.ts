import { watchBuiltIns } from './built-ins.ts';
import { watchHeap } from './heap.ts';
import { watchLeftBehind } from './left-behind.ts';
import { watchOwnState } from './own-state.ts';
import type { IdleReport } from './protocol.ts';
import { watchTypeParsers } from './type-parsers.ts';

/** The most characters, and the most items; see the shape of the message (message.ts). */
const longest = 200;
const maxItems = 100;

/** Looks for changes in a child's own process. */
export interface Watch {
  /** What is still active after a task, and the memory that the task left. It runs after each task, so it is cheap. */
  whenIdle(): Promise<IdleReport>;
  /** Everything else that a task may have changed. It runs before the process serves code of another owner. */
  inspect(): Promise<IdleReport>;
}

/**
 * Remembers how this process is before its first task. The returned functions say what is different. A fresh process
 * costs as much as hundreds of runs, so a process in which nothing is different is used again. Changes are not
 * restored, because that needs to know everything that can be changed.
 */
export function watchSelf(mark: string): Watch {
  const changedBuiltIns = watchBuiltIns();
  const changed = watchOwnState();
  const changedParsers = watchTypeParsers();
  const leftBehind = watchLeftBehind(mark);
  const held = watchHeap();
  const reportOf = (left: string[]): IdleReport => ({
    left: left.slice(0, maxItems).map((each) => each.slice(0, longest)),
    ...held(),
  });
  return {
    whenIdle: async () => reportOf(await leftBehind.active()),
    async inspect() {
      // Built-ins first, because the other checks use them.
      const broken = changedBuiltIns();
      if (broken.length > 0) return { left: broken, heapMb: 0, residentMb: 0 };
      return reportOf([...(await leftBehind.all()), ...changed(), ...changedParsers()]);
    },
  };
}
