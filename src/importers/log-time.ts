const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** 1 for `Jan` to 12 for `Dec`; 0, which is in no year, for any other word. */
export const monthOf = (word: string): number => {
  const at = word.length === 3 ? months.indexOf(word) : -1;
  return at % 3 === 0 ? at / 3 + 1 : 0;
};

/** A zone as logs write it, `Z`, `+02:00` or `-0800`: a part for other expressions. */
export const zone = 'Z|[+-](?:0\\d|1[0-5]):?[0-5]\\d';

/** `+02:00` -> ms east of UTC; `otherwise` when there is none. */
export function offsetOf(text: string | undefined, otherwise: number): number {
  if (!text) return otherwise;
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return minutes * (text.startsWith('-') ? -60_000 : 60_000);
}

/** `123456`, the digits after the decimal point -> whole ms. */
export const fraction = (digits: string | undefined): number =>
  digits ? Math.floor(Number(`0.${digits}`) * 1000) : 0;

/**
 * The ms since 1970 of a wall time that is `offset` ms east of UTC; null when there is no such moment, as on 31
 * February. Years end at 2199, so that no shift leaves PostgreSQL's calendar.
 */
export function instant(
  [year, month, day, hour, minute, second]: number[],
  offset: number,
  ms = 0,
): number | null {
  if (!year || !month || !day || year < 1970 || year > 2199) return null;
  if (hour! > 23 || minute! > 59 || second! > 59) return null;
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  if (wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day) return null;
  return wall.getTime() - offset;
}
