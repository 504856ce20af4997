import { storable } from './text.ts';

const maxLevels = 16;

/**
 * The most values that are kept. The depth limit alone is not enough: a value that contains itself in several places
 * grows exponentially with the depth.
 */
const maxValues = 200_000;

/**
 * Turns any value into one that PostgreSQL can store as JSON: no NUL or lone surrogate in texts and keys, no cycle,
 * nothing deeper than 16 levels, nothing that JSON cannot express. Values after the first 200,000 are left out.
 */
export const plain = (value: unknown): unknown => plainOf(value, 0, { left: maxValues });

function plainOf(value: unknown, depth: number, values: { left: number }): unknown {
  values.left -= 1;
  if (typeof value === 'string') return storable(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== 'object') return undefined;
  if (depth >= maxLevels || values.left < 0) return '…';
  if (Array.isArray(value)) return value.map((item) => plainOf(item, depth + 1, values) ?? null);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), plainOf(item, depth + 1, values)]),
  );
}
