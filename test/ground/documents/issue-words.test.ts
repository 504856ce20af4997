/** Mistakes in documents, in words. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { issueInWords } from '../../../src/ground/documents/issue-words.ts';

test.each([
  [z.int().min(1).max(65_535), 0, 'has to be 1 at least'],
  [z.int().min(1).max(65_535), 70_000, 'has to be 65535 at most'],
  [z.string().min(1), '', 'is empty'],
  [z.string().min(2), 'a', 'has fewer than 2 characters'],
  [z.string().max(2), 'abc', 'has more than 2 characters'],
  [z.array(z.string()).min(1), [], 'is empty'],
  [z.array(z.string()).max(2), ['a', 'b', 'c'], 'has more than 2 entries'],
  [z.string(), 7, 'has to be a text'],
  [z.strictObject({}), { a: 1 }, 'there is no "a"'],
])('what is wrong with a value is said with its size: %#', (schema: z.ZodType, value, words) => {
  const { error } = schema.safeParse(value);
  expect(issueInWords(error!.issues[0]!)).toBe(words);
});
