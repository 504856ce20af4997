/** The shapes in which programs write times, for logs whose format is not known otherwise. */
import type { Reading } from './log-format.ts';
import { epoch, instant, instantWithoutYear, monthOf, monthPattern, zoneIn } from './log-time.ts';
import { zonePattern } from './zone.ts';

export interface TimeShape {
  /** An expression without a name, whose groups `read` gets. */
  pattern: string;
  /** ms since 1970; null for a time that does not exist, or whose zone has several meanings. */
  read(groups: readonly (string | undefined)[], reading: Reading): number | null;
  /** Another shape that reads the same texts as other days: where both read a log, it is not known which one is meant. */
  rival?: TimeShape;
}

const zone = `(?: ?(${zonePattern}))?`;
const clock = '(\\d\\d?):(\\d\\d):(\\d\\d)(?:[.,:](\\d{1,9}))?';
const shortClock = '(\\d\\d?):(\\d\\d)(?::(\\d\\d)(?:[.,:](\\d{1,9}))?)?';
const half = '(?: ([AaPp])[Mm])?';

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

/** A shape whose groups are these, in this order; without a year the lines before say of which one it is. */
function shape(pattern: string, order: Order): TimeShape {
  // Undefined for what the shape has no group for.
  const part = (name: Order[number]) => {
    const at = order.indexOf(name);
    return (groups: Groups) => groups[at];
  };
  const [year, month, day, hour] = [part('year'), part('month'), part('day'), part('hour')];
  const [minute, second, digits] = [part('minute'), part('second'), part('digits')];
  const [halfOfDay, zoneName] = [part('half'), part('zone')];
  return {
    pattern: `${pattern}(?!\\d)`,
    read(groups, reading) {
      const its = zoneIn(zoneName(groups), reading);
      if (its === null) return null;
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
        ? instantWithoutYear(reading, its, ...rest)
        : instant(its, yearOf(yearText), ...rest);
    },
  };
}

/** `26` is 2026 and `71` is 1971. */
const yearOf = (text: string): number =>
  text.length === 4 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900);

function hourOf(text: string | undefined, half: string | undefined): number {
  const hour = Number(text);
  if (half === undefined) return hour;
  return hour < 1 || hour > 12 ? NaN : (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

const ofDay = ['hour', 'minute', 'second', 'digits'] as const;

const monthFirst = shape(`(\\d\\d?)/(\\d\\d?)/(\\d{4}),? ${clock}${half}`, [
  'month',
  'day',
  'year',
  ...ofDay,
  'half',
]);
const dayFirst = shape(`(\\d\\d?)/(\\d\\d?)/(\\d{4}),? ${clock}${half}`, [
  'day',
  'month',
  'year',
  ...ofDay,
  'half',
]);
monthFirst.rival = dayFirst;
dayFirst.rival = monthFirst;

const seconds: TimeShape = {
  pattern: '(\\d{10}(?:\\.\\d{1,9})?|\\d{13}|\\d{16}|\\d{19})(?!\\w)',
  read: ([number]: Groups) => epoch(Number(number)),
};

/** Of two that read the same lines the first is taken. */
export const timeShapes: readonly TimeShape[] = [
  // 2026-03-10T12:00:00.123Z, 2026/03/10 12:00, 2026-03-10 12:00:00,123
  shape(`(\\d{4})[-/.](\\d\\d?)[-/.](\\d\\d?)(?:[T _]|, ?| - )${shortClock}${zone}`, [
    'year',
    'month',
    'day',
    ...ofDay,
    'zone',
  ]),
  // 2026-03-10-12.00.00.123456
  shape('(\\d{4})-(\\d\\d)-(\\d\\d)-(\\d\\d)\\.(\\d\\d)\\.(\\d\\d)(?:\\.(\\d{1,9}))?', [
    'year',
    'month',
    'day',
    ...ofDay,
  ]),
  // 20260310T120000Z, 20260310-12:00:00:123
  shape(
    `(\\d{4})(\\d\\d)(\\d\\d)[-T _:]?(\\d\\d?):?(\\d\\d?):?(\\d\\d?)(?:[.,:](\\d{1,9}))?${zone}`,
    ['year', 'month', 'day', ...ofDay, 'zone'],
  ),
  // 10/Mar/2026:12:00:00 +0000, 10-Mar-2026 12:00:00.123, 10 Mar 2026 12:00:00 GMT
  shape(`(\\d\\d?)[-/. ](${monthPattern})[-/. ](\\d{4})(?:::|[ :T]|, ?)${clock}${half}${zone}`, [
    'day',
    'month',
    'year',
    ...ofDay,
    'half',
    'zone',
  ]),
  // Mar 10, 2026 12:00:00 PM
  shape(`(${monthPattern}) (\\d\\d?), (\\d{4}),? ${clock}${half}${zone}`, [
    'month',
    'day',
    'year',
    ...ofDay,
    'half',
    'zone',
  ]),
  // Tue Mar 10 12:00:00 CET 2026
  shape(`(${monthPattern}) +(\\d\\d?) ${clock}${zone} (\\d{4})`, [
    'month',
    'day',
    ...ofDay,
    'zone',
    'year',
  ]),
  // Mar 10 2026 12:00:00
  shape(`(${monthPattern}) +(\\d\\d?) (\\d{4}) ${clock}${zone}`, [
    'month',
    'day',
    'year',
    ...ofDay,
    'zone',
  ]),
  // Mar 10 12:00:00
  shape(`(${monthPattern}) +(\\d\\d?) ${clock}`, ['month', 'day', ...ofDay]),
  // 26/03/10 12:00:00
  shape(`(\\d\\d)/(\\d\\d)/(\\d\\d) ${clock}`, ['year', 'month', 'day', ...ofDay]),
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
  shape(`(\\d\\d?)\\.(\\d\\d?)\\.(\\d{4}),? ${clock}`, ['day', 'month', 'year', ...ofDay]),
  monthFirst,
  dayFirst,
  // 03-10 12:00:00.123
  shape(`(\\d\\d)-(\\d\\d) ${clock}`, ['month', 'day', ...ofDay]),
  // [03.10 12:00:00]
  shape(`(\\d\\d)\\.(\\d\\d) ${clock}`, ['month', 'day', ...ofDay]),
  seconds,
];

const whole = timeShapes.map((each) => ({
  shape: each,
  text: new RegExp(`^\\s*(?:[A-Z][a-z]{2,8},? )?${each.pattern}`),
}));

/** A time that a field holds, as a text or a number; undefined for any other value, null for no time that exists. */
export function timeOf(value: unknown, reading: Reading): number | null | undefined {
  if (typeof value === 'number') return epoch(value) ?? undefined;
  if (typeof value !== 'string' || value.length > 100) return undefined;
  for (const { shape: each, text } of whole) {
    const found = text.exec(value);
    if (found && each.rival === undefined) return each.read(found.slice(1), reading);
  }
  return undefined;
}
