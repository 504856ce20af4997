/** What is wrong with a document, in words: zod's own messages name types of a programming language. */
import type { z } from 'zod';
import { printable } from '../text.ts';

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
};

const formats: Record<string, string> = {
  url: 'an address, as https://example.com/path',
  email: 'a mail address',
  datetime: 'a time with its zone, as 2027-01-10T12:05:00Z',
};

/** What is counted in a value of each kind. A number is compared itself. */
const units: Record<string, string> = { string: 'characters', array: 'entries', object: 'keys' };

/** A key that a person has written and that is not known: it may be hostile, or long. */
export const noSuchKey = (...keys: string[]): string =>
  `there is no ${keys.map((key) => JSON.stringify(printable(key.slice(0, 100)))).join(', ')}`;

/**
 * One issue in words that follow its place: `has to be one of critical, high`. `map` is what an object is called: it has another name in JSON
 * than in YAML.
 */
export function issueInWords(issue: z.core.$ZodIssue, map = 'a map'): string {
  if (!/^(Invalid|Unrecognized|Too |Expected)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'unrecognized_keys':
      return noSuchKey(...issue.keys);
    case 'invalid_key':
      return issue.issues.map((each) => issueInWords(each, map)).join('; ');
    case 'invalid_value':
      return `has to be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : `has to be ${['object', 'record'].includes(issue.expected) ? map : (kinds[issue.expected] ?? issue.expected)}`;
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
    case 'invalid_union': {
      // Of the forms that it may have, the one that fits best is the one with its mistake deepest in the document.
      const [closest] = issue.errors
        .flatMap(([first]) => first ?? [])
        .toSorted((one, other) => other.path.length - one.path.length);
      return closest
        ? [closest.path.join('.'), issueInWords(closest, map)].filter(Boolean).join(': ')
        : 'has none of its forms';
    }
    default:
      return 'does not fit';
  }
}
