import type { Entry, KnowledgeIndex } from './knowledge-index.ts';
import { isFound } from './pattern.ts';
import { startTimeLimit } from './timed-text.ts';

/**
 * After this time no further pattern is begun. One that is being compiled by then may take another 100 ms, so that matching
 * one finding takes 250 ms at most.
 */
const maxMs = 150;

export interface TriedPatterns {
  /** entries whose pattern is found in the text */
  matching: Entry[];
  /** entries of which it is not known whether they match: time was up, or they are too expensive to try */
  untried: Entry[];
}

/**
 * Runs the patterns of the entries that the index does not rule out. The index only saves time; the result is the same
 * without it.
 */
export function tryPatterns(
  index: KnowledgeIndex,
  text: string,
  isTimeUp = startTimeLimit(maxMs),
): TriedPatterns {
  const matching: Entry[] = [];
  const untried = [...index.heavy];
  for (const entry of index.candidates(text)) {
    if (isTimeUp()) {
      untried.push(entry);
      continue;
    }
    try {
      if (isFound(entry.issue_pattern, text, isTimeUp)) matching.push(entry);
    } catch {
      // Time is up, or re2js cannot run the pattern: one entry must not stop the others from healing.
      untried.push(entry);
    }
  }
  return { matching, untried };
}
