/** The shapes in which programs write times, for logs of an unknown format. */
import type { Reading } from './log-format.ts';
import { epoch, instant, instantWithoutYear, monthOf, monthPattern, zoneIn } from './log-time.ts';
import { zonePattern } from './zone.ts';

export interface TimeShape {
  /** The source of a regular expression; `read` gets its groups. */
  pattern: string;
  /** ms since 1970; null for a time that does not exist, or whose zone has several meanings. */
  read(groups: readonly (string | undefined)[], reading: Reading): number | null;
  /** Another shape that reads the same texts as other dates. If both read a log, it is not known which one is right. */
  ambiguousWith?: TimeShape;
}

const zone = `(?: ?(${zonePattern}))?`;
const clock = '(\\d\\d?):(\\d\\d):(\\d\\d)(?:[.,:](\\d{1,9}))?';
const shortClock = '(\\d\\d?):(\\d\\d)(?::(\\d\\d)(?:[.,:](\\d{1,9}))?)?';
const halfOfDayPattern = '(?: ([AaPp])[Mm])?';

type Groups = readonly (string | undefined)[];
type Order = readonly (
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'digits'
  | 'half'
  | 'zone'
)[];

/** A shape whose groups are these parts, in this order. Without a year, the lines before decide which year it is. */
function shape(pattern: string, order: Order): TimeShape {
  // The text of a part; undefined if the shape has no group for it.
  const part = (name: Order[number]) => {
    const index = order.indexOf(name);
    return (groups: Groups) => groups[index];
  };
  const [year, month, day, hour] = [part('year'), part('month'), part('day'), part('hour')];
  const [minute, second, digits] = [part('minute'), part('second'), part('digits')];
  const [halfOfDay, zoneName] = [part('half'), part('zone')];
  return {
    pattern: `${pattern}(?!\\d)`,
    read(groups, reading) {
      const timeZone = zoneIn(zoneName(groups), reading);
      if (timeZone === null) return null;
      const [yearText, monthText] = [year(groups), month(groups)!];
      const rest = [
        /^\d/.test(monthText) ? monthText : monthOf(monthText),
        day(groups),
        hourOf(hour(groups), halfOfDay(groups)),
        minute(groups),
        second(groups),
        digits(groups),
      ] as const;
      return yearText === undefined
        ? instantWithoutYear(reading, timeZone, ...rest)
        : instant(timeZone, yearOf(yearText), ...rest);
    },
  };
}

/** The year of four or two digits: `26` is 2026, and `71` is 1971. */
const yearOf = (text: string): number =>
  text.length === 4 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900);

function hourOf(text: string | undefined, halfOfDay: string | undefined): number {
  const hour = Number(text);
  if (halfOfDay === undefined) return hour;
  return hour < 1 || hour > 12 ? NaN : (hour % 12) + (halfOfDay.toLowerCase() === 'p' ? 12 : 0);
}

const timeOfDay = ['hour', 'minute', 'second', 'digits'] as const;

const monthFirst = shape(`(\\d\\d?)/(\\d\\d?)/(\\d{4}),? ${clock}${halfOfDayPattern}`, [
  'month',
  'day',
  'year',
  ...timeOfDay,
  'half',
]);
const dayFirst = shape(`(\\d\\d?)/(\\d\\d?)/(\\d{4}),? ${clock}${halfOfDayPattern}`, [
  'day',
  'month',
  'year',
  ...timeOfDay,
  'half',
]);
monthFirst.ambiguousWith = dayFirst;
dayFirst.ambiguousWith = monthFirst;

const seconds: TimeShape = {
  pattern: '(\\d{10}(?:\\.\\d{1,9})?|\\d{13}|\\d{16}|\\d{19})(?!\\w)',
  read: ([number]: Groups) => epoch(Number(number)),
};

/** All shapes. Of two shapes that read the same lines, the first one is chosen. */
export const timeShapes: readonly TimeShape[] = [
  // 2026-03-10T12:00:00.123Z, 2026/03/10 12:00, 2026-03-10 12:00:00,123
  shape(`(\\d{4})[-/.](\\d\\d?)[-/.](\\d\\d?)(?:[T _]|, ?| - )${shortClock}${zone}`, [
    'year',
    'month',
    'day',
    ...timeOfDay,
    'zone',
  ]),
  // 2026-03-10-12.00.00.123456
  shape('(\\d{4})-(\\d\\d)-(\\d\\d)-(\\d\\d)\\.(\\d\\d)\\.(\\d\\d)(?:\\.(\\d{1,9}))?', [
    'year',
    'month',
    'day',
    ...timeOfDay,
  ]),
  // 20260310T120000Z, 20260310-12:00:00:123
  shape(
    `(\\d{4})(\\d\\d)(\\d\\d)[-T _:]?(\\d\\d?):?(\\d\\d?):?(\\d\\d?)(?:[.,:](\\d{1,9}))?${zone}`,
    ['year', 'month', 'day', ...timeOfDay, 'zone'],
  ),
  // 10/Mar/2026:12:00:00 +0000, 10-Mar-2026 12:00:00.123, 10 Mar 2026 12:00:00 GMT
  shape(
    `(\\d\\d?)[-/. ](${monthPattern})[-/. ](\\d{4})(?:::|[ :T]|, ?)${clock}${halfOfDayPattern}${zone}`,
    ['day', 'month', 'year', ...timeOfDay, 'half', 'zone'],
  ),
  // Mar 10, 2026 12:00:00 PM
  shape(`(${monthPattern}) (\\d\\d?), (\\d{4}),? ${clock}${halfOfDayPattern}${zone}`, [
    'month',
    'day',
    'year',
    ...timeOfDay,
    'half',
    'zone',
  ]),
  // Tue Mar 10 12:00:00 CET 2026
  shape(`(${monthPattern}) +(\\d\\d?) ${clock}${zone} (\\d{4})`, [
    'month',
    'day',
    ...timeOfDay,
    'zone',
    'year',
  ]),
  // Mar 10 2026 12:00:00
  shape(`(${monthPattern}) +(\\d\\d?) (\\d{4}) ${clock}${zone}`, [
    'month',
    'day',
    'year',
    ...timeOfDay,
    'zone',
  ]),
  // Mar 10 12:00:00
  shape(`(${monthPattern}) +(\\d\\d?) ${clock}`, ['month', 'day', ...timeOfDay]),
  // 26/03/10 12:00:00
  shape(`(\\d\\d)/(\\d\\d)/(\\d\\d) ${clock}`, ['year', 'month', 'day', ...timeOfDay]),
  // 260310 120000
  shape('(\\d\\d)(\\d\\d)(\\d\\d) {1,2}(\\d\\d?):?(\\d\\d):?(\\d\\d)', [
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second',
  ]),
  // 10.03.2026 12:00:00
  shape(`(\\d\\d?)\\.(\\d\\d?)\\.(\\d{4}),? ${clock}`, ['day', 'month', 'year', ...timeOfDay]),
  monthFirst,
  dayFirst,
  // 03-10 12:00:00.123
  shape(`(\\d\\d)-(\\d\\d) ${clock}`, ['month', 'day', ...timeOfDay]),
  // [03.10 12:00:00]
  shape(`(\\d\\d)\\.(\\d\\d) ${clock}`, ['month', 'day', ...timeOfDay]),
  seconds,
];

const wholeTexts = timeShapes.map((each) => ({
  shape: each,
  text: new RegExp(`^\\s*(?:[A-Z][a-z]{2,8},? )?${each.pattern}`),
}));

/** The time in a field, a text or a number; undefined for any other value, null for a time that does not exist. */
export function timeOf(value: unknown, reading: Reading): number | null | undefined {
  if (typeof value === 'number') return epoch(value) ?? undefined;
  if (typeof value !== 'string' || value.length > 100) return undefined;
  for (const { shape: each, text } of wholeTexts) {
    const found = text.exec(value);
    if (found && each.ambiguousWith === undefined) return each.read(found.slice(1), reading);
  }
  return undefined;
}
