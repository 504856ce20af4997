/**
 * The lowest and highest UUID that begin with these hex digits, so that the primary key's index
 * finds them. Null for what is no such beginning; 4 digits at least.
 */
export function idsFrom(prefix: string): [lowest: string, highest: string] | null {
  const digits = prefix.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{4,32}$/.test(digits)) return null;
  return [digits.padEnd(32, '0'), digits.padEnd(32, 'f')];
}
