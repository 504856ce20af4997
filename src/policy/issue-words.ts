/** What is wrong with a document that a person writes, in words: zod's own messages name types that YAML does not have. */
import type { z } from 'zod';
import { printable } from '../ground/text.ts';

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

const formats: Record<string, string> = {
  url: 'an address, as https://example.com/path',
  email: 'a mail address',
};

/** What is counted in a value of each kind. A number is compared itself. */
const units: Record<string, string> = { string: 'characters', array: 'entries', object: 'keys' };

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

/** A key that a person has written and that is not known: it may be hostile, or long. */
export const noSuchKey = (...keys: string[]): string =>
  `there is no ${keys.map((key) => JSON.stringify(printable(key.slice(0, 100)))).join(', ')}`;

/** One issue with its place in the document: `rule 1, steps: is missing`. */
export const issueWithPlace = (issue: z.core.$ZodIssue, document: unknown): string =>
  [placeInWords(writtenPath(issue.path, document)), issueInWords(issue)].filter(Boolean).join(': ');

/** One issue in words that follow its place: `has to be one of critical, high`. */
export function issueInWords(issue: z.core.$ZodIssue): string {
  if (!/^(Invalid|Unrecognized|Too |Expected)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'unrecognized_keys':
      return noSuchKey(...issue.keys);
    case 'invalid_key':
      return issue.issues.map(issueInWords).join('; ');
    case 'invalid_value':
      return `has to be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : `has to be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_format':
      return `has to be ${formats[issue.format] ?? issue.format}`;
    case 'too_small':
      return issue.origin in units
        ? issue.minimum === 1
          ? 'is empty'
          : `has fewer than ${issue.minimum} ${units[issue.origin]}`
        : `has to be ${issue.minimum} at least`;
    case 'too_big':
      return issue.origin in units
        ? `has more than ${issue.maximum} ${units[issue.origin]}`
        : `has to be ${issue.maximum} at most`;
    default:
      return issue.message;
  }
}
