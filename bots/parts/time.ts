/** Lengths of time in milliseconds, and moments that lie before another one. */
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const msBefore = (at: Date, ms: number): Date => new Date(at.getTime() - ms);
export const minutesBefore = (at: Date, minutes: number): Date => msBefore(at, minutes * minuteMs);
export const hoursBefore = (at: Date, hours: number): Date => msBefore(at, hours * hourMs);
export const daysBefore = (at: Date, days: number): Date => msBefore(at, days * dayMs);
