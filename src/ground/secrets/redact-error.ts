import { messageOf } from '../errors.ts';
import type { Redaction } from './redact.ts';

/** How many levels of causes are redacted; deeper causes are left out. */
const deepest = 8;

/**
 * The same error without known secrets, or a new one of its class if it is frozen. Secrets are removed from its
 * message, its stack and all its texts (the statement, the address, the answer), and from its causes. A thrown value
 * that is no error becomes one.
 */
export const redactError = (redaction: Redaction, thrown: unknown): Error =>
  clean(redaction, thrown instanceof Error ? thrown : new Error(messageOf(thrown)), deepest);

function clean(redaction: Redaction, error: Error, depth: number): Error {
  // A DOMException inherits its properties, so these names are added.
  const names = new Set<PropertyKey>(['message', 'stack', 'cause', ...Reflect.ownKeys(error)]);
  const changed = new Map<PropertyKey, unknown>();
  for (const name of names) {
    const value = read(error, name);
    const left = cleanValue(redaction, value, depth);
    if (left !== value) changed.set(name, left);
  }
  if ([...changed].every(([name, value]) => write(error, name, value))) return error;
  const copy = Object.create(Object.getPrototypeOf(error) as object) as Error;
  for (const name of names) write(copy, name, changed.get(name) ?? read(error, name));
  return copy;
}

function cleanValue(redaction: Redaction, value: unknown, depth: number): unknown {
  if (value instanceof Error) return depth > 0 ? clean(redaction, value, depth - 1) : undefined;
  if (Array.isArray(value) && value.some((each) => each instanceof Error))
    return value.map((each) => cleanValue(redaction, each, depth));
  return typeof value === 'string' || typeof value === 'object' ? redaction.value(value) : value;
}

/** Undefined where it cannot be read. */
function read(error: Error, name: PropertyKey): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}

/** False where it cannot be written. */
function write(error: Error, name: PropertyKey, value: unknown): boolean {
  const enumerable = Object.getOwnPropertyDescriptor(error, name)?.enumerable ?? false;
  return Reflect.defineProperty(error, name, {
    value,
    enumerable,
    writable: true,
    configurable: true,
  });
}
