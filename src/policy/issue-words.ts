/** What is wrong with a document that a person writes, with its place in words. */
import type { z } from 'zod';
import { issueInWords } from '../ground/documents/issue-words.ts';
import { printable } from '../ground/text.ts';

/** `rules.0.steps` as people count: `rule 1, steps`. */
export const placeInWords = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => {
      if (typeof part === 'number') return null;
      const next = path[index + 1];
      const one = String(part).replace(/s$/, '');
      return typeof next === 'number' && ['rules', 'steps', 'routes'].includes(one + 's')
        ? `${one} ${next + 1}`
        : printable(String(part));
    })
    .filter((part) => part !== null)
    .join(', ');

/**
 * The path in the document as it was written. Quiet hours may be one map instead of a list: then the index in zod's path does
 * not exist in the document.
 */
export const writtenPath = (path: readonly PropertyKey[], document: unknown): PropertyKey[] =>
  path[0] === 'quiet_hours' &&
  !Array.isArray((document as { quiet_hours?: unknown } | null)?.quiet_hours)
    ? path.filter((_, index) => index !== 1)
    : [...path];

/** One issue with its place in the document: `rule 1, steps: is missing`. */
export const issueWithPlace = (issue: z.core.$ZodIssue, document: unknown): string =>
  [placeInWords(writtenPath(issue.path, document)), issueInWords(issue)].filter(Boolean).join(': ');
