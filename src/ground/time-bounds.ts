/**
 * The first and the last instant that Roundsman takes and gives: the years 1 to 9999. PostgreSQL's times reach further,
 * up to `infinity`, and a Date holds only some of them; every text of these years has the same form.
 */
export const firstInstant = new Date('0001-01-01T00:00:00Z');
export const lastInstant = new Date('9999-12-31T23:59:59.999Z');

/** The time, or the bound beside which it lies; so `infinity` of PostgreSQL becomes the last instant. NaN is no time. */
export const withinBounds = (ms: number): Date =>
  new Date(Math.min(Math.max(ms, firstInstant.getTime()), lastInstant.getTime()));

/** What is known of an instant at a bound, where the row may say a time beside it; null for every other one. */
export function boundInWords(at: Date): string | null {
  if (at.getTime() >= lastInstant.getTime()) return '9999 or later';
  return at.getTime() <= firstInstant.getTime() ? '0001 or earlier' : null;
}
