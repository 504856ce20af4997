import { storable } from './text.ts';

const deepest = 16;

/**
 * Any value as JSON that PostgreSQL stores: no NUL or lone surrogate in texts and keys, no cycle, nothing
 * deeper than 16 levels, nothing that JSON has no word for.
 */
export function plain(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== 'object') return undefined;
  if (depth >= deepest) return '…';
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1) ?? null);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), plain(item, depth + 1)]),
  );
}
