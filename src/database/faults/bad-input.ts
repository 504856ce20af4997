/**
 * A caller's values are checked before any statement is sent: the error names the field and the rule, and nothing has
 * to be undone.
 */
import { isIP } from 'node:net';
import { types } from 'node:util';
import { UsageError } from '../../ground/errors.ts';
import { firstInstant, lastInstant } from '../../ground/time-bounds.ts';

/** Thrown for a value that can never be stored or searched for. The error does not repeat the value. */
export class BadInputError extends UsageError {
  /** the column or parameter */
  readonly field: string;
  /** the rule, as the end of a sentence */
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

/** A list of UUIDs, each as {@link uuid} gives it. */
export function uuids(field: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw new BadInputError(field, 'has to be a list of UUIDs');
  // Array.from also visits the holes of a list.
  return Array.from(value, (id) => uuid(field, id));
}

/** Text that PostgreSQL can hold: 1 to `max` characters (code points, as VARCHAR counts them). */
export function text(field: string, value: unknown, max: number): string {
  if (typeof value !== 'string' || value === '')
    throw new BadInputError(field, 'has to be a text that is not empty');
  if (value.includes('\0')) throw new BadInputError(field, 'must not contain a NUL character');
  if (!value.isWellFormed())
    throw new BadInputError(
      field,
      'has to be well-formed Unicode: it contains half of a surrogate pair',
    );
  // A text has at most as many code points as UTF-16 units, and at least half as many.
  if (value.length > max * 2 || (value.length > max && [...value].length > max))
    throw new BadInputError(field, `may have ${max} characters at most`);
  return value;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(field: string, value: unknown, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    throw new BadInputError(field, `has to be a whole number from ${min} to ${max}`);
  return value as number;
}

export function boolean(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new BadInputError(field, 'has to be true or false');
  return value;
}

/** An instant of the years 1 to 9999. */
export function instant(field: string, value: unknown): Date {
  // Not instanceof: objects whose `getTime` throws pass it as well.
  const ms = types.isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new BadInputError(field, 'has to be a valid Date');
  if (ms < firstInstant.getTime() || ms > lastInstant.getTime())
    throw new BadInputError(field, 'has to lie in the years 1 to 9999');
  return new Date(ms);
}

/** One IPv4 or IPv6 address, without a network length or a zone. */
export function address(field: string, value: unknown): string {
  if (typeof value !== 'string' || value.includes('%') || isIP(value) === 0)
    throw new BadInputError(field, 'has to be one IPv4 or IPv6 address');
  return value;
}

/** One of these words, spelled exactly as here. */
export function oneOf<Word extends string>(
  field: string,
  value: unknown,
  words: readonly Word[],
): Word {
  if (!words.includes(value as Word))
    throw new BadInputError(field, `has to be one of ${words.join(', ')}`);
  return value as Word;
}

/** The object that holds the fields. Callers in JavaScript could pass something else, or nothing: that is refused. */
export function object<Given extends object>(name: string, value: Given): Given {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new BadInputError(name, 'has to be an object');
  return value;
}
