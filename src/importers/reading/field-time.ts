/** Reads the time of a line that consists of fields with names. */
import { firstField, textOf, type Fields } from './fields.ts';
import type { Reading } from './log-format.ts';
import { noSuchTime } from './log-time.ts';
import { timeOf } from './time-shapes.ts';

const numberIn = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d{10,19}(?:\.\d{1,9})?$/.test(value) ? Number(value) : undefined;

/** The time in the first of these fields that the line has, or why it is none; null for a line without such a field. */
export function fieldTime(
  fields: Fields,
  names: readonly string[],
  reading: Reading,
): number | null | { why: string } {
  const stamp = firstField(fields, names);
  // Some loggers write each value as a text, also a time that is a number.
  const at = timeOf(stamp, reading) ?? timeOf(numberIn(stamp), reading);
  if (typeof at === 'number') return at;
  if (stamp === undefined) return null;
  return noSuchTime(String(textOf(stamp) ?? 'the one in its field').slice(0, 40));
}
