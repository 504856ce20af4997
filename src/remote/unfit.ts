/** Says in words which fields of an answer do not fit. */
import type { z } from 'zod';
import { issueInWords } from '../ground/documents/issue-words.ts';
import { fitting } from '../ground/text.ts';
import { UnfitAnswerError } from './json.ts';

/** How many fields a message names. */
const maxNamed = 5;
/** How many characters of a field's name a message repeats: the server chose the name. */
const maxName = 100;

const named = (path: PropertyKey[]): string =>
  fitting(path.map(String).join('.'), maxName) || 'the answer';

function inWords(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(
      (key) => `${named([...issue.path, key])}: the contract knows no such field`,
    );
  return [`${named(issue.path)}: ${issueInWords(issue, 'an object')}`];
}

/** The value as the schema reads it. Throws {@link UnfitAnswerError}, which names each field that does not fit. */
export function readBy<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const words = read.error.issues.flatMap(inWords);
  const more = words.length - maxNamed;
  throw new UnfitAnswerError(
    `the answer does not fit the contract: ${words.slice(0, maxNamed).join('; ')}` +
      (more > 0 ? `; and ${more} more` : ''),
  );
}
