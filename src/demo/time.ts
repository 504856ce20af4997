/** Lengths of time in milliseconds, and moments that lie before another one. */
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export const before = (now: Date, milliseconds: number): Date =>
  new Date(now.getTime() - milliseconds);
export const minutesBefore = (now: Date, minutes: number): Date => before(now, minutes * minute);
