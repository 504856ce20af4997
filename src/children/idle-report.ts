import { watchBuiltIns } from './built-ins.ts';
import { watchHeap } from './heap.ts';
import { watchLeftBehind } from './left-behind.ts';
import { watchOwnState } from './own-state.ts';
import type { IdleReport } from './protocol.ts';
import { watchTypeParsers } from './type-parsers.ts';

/** The most characters of an item, and the most items: the message of a child holds no more (message.ts). */
const maxCharacters = 200;
const maxItems = 100;

/** Finds changes in a child's own process. */
export interface Watch {
  /** What is still active after a task, and the memory that the task left. It runs after each task, so it is cheap. */
  whenIdle(): Promise<IdleReport>;
  /** Everything else that a task may have changed. It runs before the process serves code of another owner. */
  inspect(): Promise<IdleReport>;
}

/**
 * Remembers the state of this process before its first task. The returned functions say what is different. A fresh
 * process costs as much as hundreds of runs, so a process in which nothing is different is used again. Changes are not
 * undone, because for that this code would have to know everything that can be changed.
 */
export function watchSelf(mark: string): Watch {
  const changedBuiltIns = watchBuiltIns();
  const changedState = watchOwnState();
  const changedParsers = watchTypeParsers();
  const leftBehind = watchLeftBehind(mark);
  const measureMemory = watchHeap();
  const reportOf = (changes: string[]): IdleReport => ({
    changes: changes.slice(0, maxItems).map((each) => each.slice(0, maxCharacters)),
    ...measureMemory(),
  });
  return {
    whenIdle: async () => reportOf(await leftBehind.active()),
    async inspect() {
      // Built-ins first, because the other checks use them.
      const broken = changedBuiltIns();
      if (broken.length > 0) return { changes: broken, heapMb: 0, residentMb: 0 };
      return reportOf([...(await leftBehind.all()), ...changedState(), ...changedParsers()]);
    },
  };
}
