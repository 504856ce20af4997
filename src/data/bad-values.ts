/** More of bad-input.ts: words of a vocabulary and JSON. */
import { BadInputError } from './bad-input.ts';

/** One of these words, as they are written here. */
export function word<Word extends string>(
  field: string,
  value: unknown,
  words: readonly Word[],
): Word {
  if (!words.includes(value as Word))
    throw new BadInputError(field, `has to be one of ${words.join(', ')}`);
  return value as Word;
}

/** JSON text of an object that jsonb can hold: at most 64 KiB, no NUL and no half characters. */
export function document(field: string, value: unknown): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new BadInputError(field, 'has to be an object');
  const json = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'string' && (inner.includes('\0') || !inner.isWellFormed()))
      throw new BadInputError(field, 'must not contain a NUL or half a character');
    return typeof inner === 'bigint' ? String(inner) : inner;
  });
  // Keys do not pass through the replacer: in JSON text a NUL and half a character are escapes.
  if (/(?<!\\)(\\\\)*\\u(0000|d[89a-f])/i.test(json))
    throw new BadInputError(field, 'must not contain a NUL or half a character');
  if (json.length > 65_536)
    throw new BadInputError(field, 'may have 65,536 characters of JSON at most');
  return json;
}
