import type { Entry, KnowledgeIndex } from './knowledge-index.ts';
import { isFound } from './pattern.ts';
import { giveTime } from './timed-text.ts';

/**
 * One finding occupies the engine for at most 250 ms. A pattern that is being compiled when this limit is reached may
 * take the remaining 100 ms.
 */
const maxMs = 150;

export interface Examined {
  found: Entry[];
  /** entries of which it is not known whether they match: time was up, or they are too expensive to try */
  unexamined: Entry[];
}

/**
 * Runs the patterns of the entries that the index does not rule out. The index only saves time; the result is the same
 * without it.
 */
export function examine(index: KnowledgeIndex, text: string, isOver = giveTime(maxMs)): Examined {
  const examined: Examined = { found: [], unexamined: [...index.heavy] };
  for (const entry of index.candidates(text)) {
    if (isOver()) {
      examined.unexamined.push(entry);
      continue;
    }
    try {
      if (isFound(entry.issue_pattern, text, isOver)) examined.found.push(entry);
    } catch {
      // Time is up, or re2js cannot run the pattern: one entry must not stop the others from healing.
      examined.unexamined.push(entry);
    }
  }
  return examined;
}
