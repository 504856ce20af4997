import { messageOf } from './errors.ts';
import type { Redaction } from './redact.ts';

/** Causes of causes are looked at so far. */
const deepest = 8;

/**
 * The same error, of the same class, without what is known: in its message, its stack, and whatever texts it carries
 * (the statement, the address, the answer), as do its causes. What is no error becomes one.
 */
export function redactError(redaction: Redaction, thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
  clean(redaction, error, deepest);
  return error;
}

function clean(redaction: Redaction, error: Error, depth: number): void {
  // Those of a DOMException are no properties of its own.
  const names = new Set<PropertyKey>(['message', 'stack', 'cause', ...Reflect.ownKeys(error)]);
  for (const name of names) {
    const value: unknown = Reflect.get(error, name);
    if (value instanceof Error) {
      if (depth > 0) clean(redaction, value, depth - 1);
    } else if (value !== undefined) replace(error, name, redaction.value(value), value);
  }
  if (error instanceof AggregateError && depth > 0)
    for (const each of error.errors) if (each instanceof Error) clean(redaction, each, depth - 1);
}

function replace(error: Error, name: PropertyKey, value: unknown, before: unknown): void {
  if (value === before) return;
  const enumerable = Object.getOwnPropertyDescriptor(error, name)?.enumerable ?? false;
  Reflect.defineProperty(error, name, { value, enumerable, writable: true, configurable: true });
}
