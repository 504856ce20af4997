/** Counts, times and long names as the texts of findings show them. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

const { format } = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** `12,345.6` */
export const number = format;

/** How long, in the largest unit of which it has at least two: `90 s`, `45 min`, `20 h`, `3 days`. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${number(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** A text whose end is cut where it is longer than `max`: `affected_component` holds 100 characters. */
export const shortened = (text: string, max = 100): string =>
  text.length > max ? `${text.slice(0, max - 1)}…` : text;
