/**
 * Hours of the week, as `Sun 02:00-04:00 America/New_York`: from one wall time to another, on some days. Clock changes mean what
 * they mean for schedules (./cron.ts): a time that clocks skip is the first after the gap, one that they show twice the first of the two.
 * So hours may be shorter or longer than usual, and those that lie in a gap as a whole do not come.
 */
import { RoundsmanError } from '../ground/errors.ts';
import { clockOf, firstShowing, zoneName } from '../ground/wall-clock.ts';

/** A text that says no hours. */
export class BadHoursError extends RoundsmanError {}

export interface WeeklyHours {
  /** from 0, Sunday, to 6, each once; all seven for `daily` */
  days: number[];
  /** minutes of the day; `until` is on the next day where it is not later */
  from: number;
  until: number;
  zone: string;
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** The shortest and the longest hours, in minutes. */
const bounds = { least: 10, most: 720 };
export const hoursExample = 'Sun 02:00-04:00 America/New_York';

const shape = /^(\S+)\s+(\d\d):(\d\d)-(\d\d):(\d\d)\s+(\S+)$/;

/** Throws {@link BadHoursError}. */
export function readHours(text: string): WeeklyHours {
  const match = shape.exec(text.trim());
  if (!match) throw refusal(text, 'it has to be days, two times and a zone, or off');
  const [, days, fromHour, fromMinute, untilHour, untilMinute, zone] = match as unknown as string[];
  const from = minuteOfDay(text, fromHour!, fromMinute!);
  const until = minuteOfDay(text, untilHour!, untilMinute!);
  const length = (until - from + 1_440) % 1_440;
  if (length < bounds.least || length > bounds.most)
    throw refusal(
      text,
      `they have to last from ${bounds.least} minutes to ${bounds.most / 60} hours`,
    );
  const known = zoneName(zone!);
  if (known === null) throw refusal(text, `no time zone is called ${zone}`);
  return { days: daysOf(text, days!), from, until, zone: known };
}

function minuteOfDay(text: string, hour: string, minute: string): number {
  if (Number(hour) < 24 && Number(minute) < 60) return Number(hour) * 60 + Number(minute);
  throw refusal(text, `${hour}:${minute} is no time of a day`);
}

function daysOf(text: string, names: string): number[] {
  if (names.toLowerCase() === 'daily') return [...dayNames.keys()];
  const days = names.split(',').map((name) => {
    const day = dayNames.findIndex((each) => each.toLowerCase() === name.toLowerCase());
    if (day < 0)
      throw refusal(text, `${name || 'an empty word'} is no day: ${dayNames.join(', ')} or daily`);
    return day;
  });
  return [...new Set(days)].toSorted();
}

const refusal = (text: string, why: string): BadHoursError =>
  new BadHoursError({
    what: `${JSON.stringify(text)} says no hours`,
    why,
    hint: `for example ${hoursExample}`,
  });

/** The schedule of which each slot begins such hours. */
export const scheduleOfHours = ({ days, from, zone }: WeeklyHours): string =>
  `CRON_TZ=${zone} ${from % 60} ${Math.floor(from / 60)} * * ${days.length === 7 ? '*' : days.join(',')}`;

/** When the hours end that a slot begins; null where the clocks skip them as a whole, or the slot begins none. */
export function endOfHours({ days, from, until, zone }: WeeklyHours, slot: Date): Date | null {
  const clock = clockOf(zone);
  const instant = slot.getTime();
  const shown = instant + clock.stretchAt(instant).offset;
  // A gap may lead from one day to the next: the slot belongs to the day whose time of beginning it is.
  for (const day of [0, -1].map((back) => Math.floor(shown / dayMs) * dayMs + back * dayMs)) {
    if (!days.includes(new Date(day).getUTCDay())) continue;
    if (firstShowing(clock, day + from * minuteMs) !== instant) continue;
    const last = day + until * minuteMs + (until <= from ? dayMs : 0);
    const end = firstShowing(clock, last);
    return end > instant ? new Date(end) : null;
  }
  return null;
}
