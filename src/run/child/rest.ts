import { watchBuiltIns } from './built-ins.ts';
import { watchHeap } from './heap.ts';
import { watchLeftBehind } from './left-behind.ts';
import { watchOwnState } from './own-state.ts';
import type { Rest } from './task.ts';

/** In characters and in number; see the message's shape (message.ts). */
const longest = 200;
const most = 100;

/**
 * Remembers how this process is before its first task. What it returns says after each task what is different. A
 * fresh process costs as much as hundreds of runs, so it is used again where nothing is; to restore what was changed
 * would need to know all that can be.
 */
export function watchSelf(mark: string): () => Promise<Rest> {
  const changedBuiltIns = watchBuiltIns();
  const changed = watchOwnState();
  const leftBehind = watchLeftBehind(mark);
  const held = watchHeap();
  return async () => {
    // First: what looks at the rest is made of them.
    const broken = changedBuiltIns();
    if (broken.length > 0) return { left: broken, heapMb: 0, residentMb: 0 };
    const left = [...(await leftBehind()), ...changed()];
    return { left: left.slice(0, most).map((each) => each.slice(0, longest)), ...held() };
  };
}
