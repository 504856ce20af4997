/**
 * What a caller gives is checked before anything is asked of the database: the answer names the field
 * and the rule, and nothing was begun that has to be undone.
 */
import { isIP } from 'node:net';
import { UsageError } from '../errors.ts';

/** A value that can never be stored or looked for as it was given. The value itself is not repeated. */
export class BadInputError extends UsageError {
  /** the column or parameter */
  readonly field: string;
  /** what holds for it, as the end of a sentence */
  readonly rule: string;

  constructor(field: string, rule: string) {
    super({
      what: `${field} cannot be used`,
      why: `${field} ${rule}`,
      hint: 'nothing was changed; correct the value and call again',
    });
    this.field = field;
    this.rule = rule;
  }
}

const hexUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID in its usual 36 characters, in lower case as PostgreSQL prints it. */
export function uuid(field: string, value: unknown): string {
  if (typeof value !== 'string' || !hexUuid.test(value))
    throw new BadInputError(field, 'has to be a UUID, like 3f2ced9e-b174-47ea-ae4a-6c651223942f');
  return value.toLowerCase();
}

/** Text that PostgreSQL can hold: 1 to `most` characters (code points, as VARCHAR counts them). */
export function text(field: string, value: unknown, most: number): string {
  if (typeof value !== 'string' || value === '')
    throw new BadInputError(field, 'has to be a text that is not empty');
  if (value.includes('\0')) throw new BadInputError(field, 'must not contain a NUL character');
  if (!value.isWellFormed()) throw new BadInputError(field, 'must not contain half a character');
  // A text has at most as many code points as UTF-16 units, and at least half as many.
  if (value.length > most * 2 || (value.length > most && [...value].length > most))
    throw new BadInputError(field, `may have ${most} characters at most`);
  return value;
}

/** A whole number from `least` to `most`. */
export function whole(field: string, value: unknown, least: number, most: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw new BadInputError(field, `has to be a whole number from ${least} to ${most}`);
  return value as number;
}

export function boolean(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new BadInputError(field, 'has to be true or false');
  return value;
}

/** An instant that exists. */
export function time(field: string, value: unknown): Date {
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw new BadInputError(field, 'has to be a valid Date');
  return value;
}

/** One IPv4 or IPv6 address: no network, no zone. */
export function address(field: string, value: unknown): string {
  if (typeof value !== 'string' || value.includes('%') || isIP(value) === 0)
    throw new BadInputError(field, 'has to be one IPv4 or IPv6 address');
  return value;
}

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
