/**
 * Writes values that callers give as JSON text. JSON.stringify would call a `toJSON` function that it finds, silently
 * turn NaN into null, and throw a RangeError when a value has too many levels: here each of these is a BadInputError
 * that names the field.
 */
import { types } from 'node:util';
import { BadInputError } from './faults/bad-input.ts';

const maxCharacters = 65_536;
const maxText = '65,536 characters';
const maxLevels = 100;

/**
 * Returns the JSON text of a plain object, such that a jsonb column takes it. The parts of the object are texts, finite
 * numbers, bigints (they become texts), true, false, null, lists, plain objects and Dates (ISO texts); a property that
 * is undefined is left out. The text has at most {@link maxCharacters} characters and {@link maxLevels} levels. Throws
 * BadInputError.
 */
export function jsonText(field: string, value: unknown): string {
  try {
    if (!isPlain(value)) throw new BadInputError(field, 'has to be a plain object');
    return new Writer(field).write(value);
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    // A getter or a proxy of the caller has thrown an error.
    throw new BadInputError(field, 'must not have a property that throws an error when it is read');
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has a different Object.prototype, whose own prototype is null too.
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype as object, 'isPrototypeOf'))
  );
}

class Writer {
  readonly #field: string;
  /** the objects and lists in which the value lies that is being written */
  readonly #enclosing: unknown[] = [];
  #json = '';

  constructor(field: string) {
    this.#field = field;
  }

  write(value: unknown): string {
    this.#value(value);
    return this.#json;
  }

  #refuse(rule: string): never {
    throw new BadInputError(this.#field, rule);
  }

  // The length is checked while the text grows: an object that is referred to many times may stand for more text than
  // memory holds.
  #add(text: string): void {
    this.#json += text;
    if (this.#json.length > maxCharacters) this.#refuse(`may have ${maxText} of JSON at most`);
  }

  #text(text: string): void {
    if (text.length > maxCharacters) this.#refuse(`may have ${maxText} of JSON at most`);
    if (text.includes('\0') || !text.isWellFormed())
      this.#refuse(
        'must not contain a NUL character or an unpaired surrogate (half of an emoji, for example)',
      );
    this.#add(JSON.stringify(text));
  }

  #value(value: unknown): void {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'bigint') return this.#text(String(value));
    if (value === null || typeof value === 'boolean') return this.#add(String(value));
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) this.#refuse('must not contain NaN or Infinity');
      return this.#add(JSON.stringify(value));
    }
    if (types.isDate(value)) return this.#date(value);
    if (Array.isArray(value)) return this.#enter(value, () => this.#list(value));
    if (isPlain(value)) return this.#enter(value, () => this.#object(value));
    this.#refuse('may hold texts, numbers, true, false, null, lists, plain objects and Dates only');
  }

  #date(value: Date): void {
    const ms = Date.prototype.getTime.call(value);
    if (Number.isNaN(ms)) this.#refuse('must not contain an invalid Date');
    this.#add(`"${new Date(ms).toISOString()}"`);
  }

  #enter(value: object, parts: () => void): void {
    if (this.#enclosing.includes(value)) this.#refuse('must not contain itself');
    if (this.#enclosing.push(value) > maxLevels)
      this.#refuse(`may be ${maxLevels} levels deep at most`);
    parts();
    this.#enclosing.pop();
  }

  #list(list: readonly unknown[]): void {
    this.#add('[');
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.#add(',');
      this.#value(list[i]);
    }
    this.#add(']');
  }

  #object(object: Record<string, unknown>): void {
    this.#add('{');
    let first = true;
    for (const key of Object.keys(object)) {
      const part = object[key];
      if (part === undefined) continue;
      if (!first) this.#add(',');
      first = false;
      this.#text(key);
      this.#add(':');
      this.#value(part);
    }
    this.#add('}');
  }
}
