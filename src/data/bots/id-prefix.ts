/**
 * The lowest and highest UUID that begin with these hex digits, so that the query can use the primary key's index.
 * Null for a text that cannot be the beginning of a UUID, or has fewer than 4 digits.
 */
export function idsFrom(prefix: string): [lowest: string, highest: string] | null {
  const digits = prefix.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{4,32}$/.test(digits)) return null;
  return [digits.padEnd(32, '0'), digits.padEnd(32, 'f')];
}
