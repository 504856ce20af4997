/** What is wrong with a document that a person writes, in words: a schema's own messages name types that no YAML has. */
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

/** `rules.0.steps` as people count: `rule 1, steps`. */
export const placeInWords = (path: readonly PropertyKey[]): string =>
  path
    .map((part, at) => {
      if (typeof part === 'number') return null;
      const next = path[at + 1];
      const one = String(part).replace(/s$/, '');
      return typeof next === 'number' && ['rules', 'steps', 'routes'].includes(one + 's')
        ? `${one} ${next + 1}`
        : printable(String(part));
    })
    .filter((part) => part !== null)
    .join(', ');

/** A single map of quiet hours stands where a list of them may: then the document has no number there. */
export const writtenPath = (path: readonly PropertyKey[], document: unknown): PropertyKey[] =>
  path[0] === 'quiet_hours' &&
  !Array.isArray((document as { quiet_hours?: unknown } | null)?.quiet_hours)
    ? path.filter((_, at) => at !== 1)
    : [...path];

/** One issue in words, which begin behind the place: `has to be one of critical, high`. */
export function issueInWords(issue: z.core.$ZodIssue): string {
  if (!/^(Invalid|Unrecognized|Too |Expected)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'unrecognized_keys':
      return `there is no ${issue.keys.map((key) => JSON.stringify(printable(key.slice(0, 100)))).join(', ')}`;
    case 'invalid_value':
      return `has to be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : `has to be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_format':
      return `has to be ${formats[issue.format] ?? issue.format}`;
    case 'too_small':
      return `has to have at least ${String(issue.minimum)}`;
    case 'too_big':
      return `has more than ${String(issue.maximum)}`;
    default:
      return issue.message;
  }
}
