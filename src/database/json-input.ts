/**
 * JSON from outside. JSON.stringify would call functions that it finds, silently turn NaN into null, and throw a
 * RangeError when a value is too deep: here each of these is a named error.
 */
import { types } from 'node:util';
import { BadInputError } from './faults/bad-input.ts';

/** The most characters of JSON. */
const longest = 65_536;
const deepest = 100;

/**
 * JSON text of a plain object that jsonb can hold. Its parts are texts, finite numbers, bigints (they
 * become texts), true, false, null, lists, plain objects and Dates (ISO texts); a property that is
 * undefined is left out. At most 65,536 characters, 100 levels. Throws BadInputError.
 */
export function document(field: string, value: unknown): string {
  try {
    if (!isPlain(value)) throw new BadInputError(field, 'has to be a plain object');
    return new Writer(field).write(value);
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    // A getter or a proxy of the caller has thrown an error.
    throw new BadInputError(field, 'must not have a part that cannot be read');
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
  readonly #within: unknown[] = [];
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
    if (this.#json.length > longest) this.#refuse('may have 65,536 characters of JSON at most');
  }

  #text(text: string): void {
    if (text.length > longest) this.#refuse('may have 65,536 characters of JSON at most');
    if (text.includes('\0') || !text.isWellFormed())
      this.#refuse('must not contain a NUL or half a character');
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
    if (this.#within.includes(value)) this.#refuse('must not contain itself');
    if (this.#within.push(value) > deepest) this.#refuse(`may be ${deepest} levels deep at most`);
    parts();
    this.#within.pop();
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
