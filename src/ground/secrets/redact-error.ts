import { messageOf } from '../errors.ts';
import type { Redaction } from './redact.ts';

/** The most levels of causes that are kept and redacted; deeper causes are left out. */
const maxCauses = 8;

/**
 * Removes known secrets from an error: from its message, its stack and all its texts (the statement, the address, the
 * answer), and from its causes. Returns the same error, or a new one of its class if it is frozen. A thrown value that is
 * not an error becomes one.
 */
export const redactError = (redaction: Redaction, thrown: unknown): Error =>
  redactOne(redaction, thrown instanceof Error ? thrown : new Error(messageOf(thrown)), maxCauses);

function redactOne(redaction: Redaction, error: Error, depth: number): Error {
  // A DOMException inherits its properties, so these names are added.
  const names = new Set<PropertyKey>(['message', 'stack', 'cause', ...Reflect.ownKeys(error)]);
  const changed = new Map<PropertyKey, unknown>();
  for (const name of names) {
    const value = read(error, name);
    const redactedValue = redactValue(redaction, value, depth);
    if (redactedValue !== value) changed.set(name, redactedValue);
  }
  if ([...changed].every(([name, value]) => write(error, name, value))) return error;
  const copy = Object.create(Object.getPrototypeOf(error) as object) as Error;
  for (const name of names) write(copy, name, changed.get(name) ?? read(error, name));
  return copy;
}

function redactValue(redaction: Redaction, value: unknown, depth: number): unknown {
  if (value instanceof Error) return depth > 0 ? redactOne(redaction, value, depth - 1) : undefined;
  if (Array.isArray(value) && value.some((each) => each instanceof Error))
    return value.map((each) => redactValue(redaction, each, depth));
  return typeof value === 'string' || typeof value === 'object' ? redaction.value(value) : value;
}

/** Reads a property; undefined where it cannot be read. */
function read(error: Error, name: PropertyKey): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}

/** Sets a property; returns false where it cannot be set. */
function write(error: Error, name: PropertyKey, value: unknown): boolean {
  const enumerable = Object.getOwnPropertyDescriptor(error, name)?.enumerable ?? false;
  return Reflect.defineProperty(error, name, {
    value,
    enumerable,
    writable: true,
    configurable: true,
  });
}
