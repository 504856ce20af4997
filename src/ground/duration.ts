/** Durations as people write them, in commands and documents: `30m`, `1h30m`, `7d`. */
import { askedIfMeant } from './nearest.ts';

const unitSeconds: Record<string, number> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/** The form of a duration: each unit at most once, the longest first. */
const durationForm = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** Seconds as `90s`, `2h`, `365d`: in the largest unit up to days that gives a whole number. */
export function inUnits(value: number): string {
  const unit =
    ['d', 'h', 'm'].find((one) => value > 0 && value % (unitSeconds[one] ?? 1) === 0) ?? 's';
  return `${value / unitSeconds[unit]!}${unit}`;
}

/** The bounds of a duration, in seconds. */
export interface DurationBounds {
  least: number;
  most: number;
}

/** `90s`, `30m`, `1h30m` in seconds; null for any other text. 0 needs no unit, because it is the same in all of them. */
export function secondsIn(text: string): number | null {
  if (/^0+$/.test(text)) return 0;
  const counts = text === '' ? null : durationForm.exec(text);
  if (!counts) return null;
  const units = Object.values(unitSeconds);
  return counts.slice(1).reduce((sum, count, at) => sum + Number(count ?? 0) * units[at]!, 0);
}

/** Why a text is not a duration, and which duration within these bounds its writer may have meant. */
export function whyUnread(text: string, { least, most }: DurationBounds): string {
  if (/^\d+$/.test(text)) {
    const suggestions = ['s', 'm', 'h', 'd']
      .map((unit) => `${text}${unit}`)
      .filter((each) => secondsIn(each)! >= least && secondsIn(each)! <= most);
    return `it has no unit${suggestions.length > 0 ? `; ${askedIfMeant(suggestions)}` : ': s, m, h, d or w'}`;
  }
  if (durationForm.exec(text.toLowerCase().replaceAll(' ', '')))
    return `did you mean ${text.toLowerCase().replaceAll(' ', '')}?`;
  return 'it has to be a number with one of s, m, h, d, w after it, or several of them, the longest first, as in 1h30m';
}
