/**
 * The first and the last instant that Roundsman takes and gives: the years 1 to 9999. PostgreSQL's times reach further,
 * up to `infinity`, and a Date holds only some of them; every text of these years has the same form.
 */
export const firstInstant = new Date('0001-01-01T00:00:00Z');
export const lastInstant = new Date('9999-12-31T23:59:59.999Z');

/**
 * The time as a Date; a time outside the bounds becomes the nearer bound, so PostgreSQL's `infinity` becomes the last
 * instant. `ms` must not be NaN.
 */
export const withinBounds = (ms: number): Date =>
  new Date(Math.min(Math.max(ms, firstInstant.getTime()), lastInstant.getTime()));

/**
 * The words for an instant at a bound, because the stored time may lie beyond that bound; null for every other instant.
 */
export function boundInWords(at: Date): string | null {
  if (at.getTime() >= lastInstant.getTime()) return '9999 or later';
  return at.getTime() <= firstInstant.getTime() ? '0001 or earlier' : null;
}
