import { type CronExpression, CronExpressionParser } from 'cron-parser';
import { UsageError } from '../ground/errors.ts';
import { askedIfMeant, nearest } from '../ground/nearest.ts';
import { zoneName } from '../ground/wall-clock.ts';

/** A schedule or a time zone cannot be read; it is refused before it is stored. */
export class BadScheduleError extends UsageError {
  /** The column of `bots` at fault. */
  readonly field: 'schedule_cron' | 'timezone';

  constructor(field: BadScheduleError['field'], given: string, why: string, hint: string) {
    const noun = field === 'timezone' ? 'timezone' : 'schedule';
    super({ what: `${quote(given)} is not a valid ${noun}`, why: `${field}: ${why}`, hint });
    this.field = field;
  }
}

/** The given text, as a message repeats it: shortened when it is long. */
const quote = (given: string): string =>
  JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}...` : given);

export interface Schedule {
  /** The given text, without surrounding space. */
  text: string;
  /** The zone whose wall time the fields mean: of the CRON_TZ prefix, else the bot's. */
  zone: string;
  /** Five plain fields: no prefix, no word. */
  fields: string;
  /** True if it follows elapsed time over clock changes, false if each of its wall times runs once. */
  elapsed: boolean;
  /** cron-parser's reading, in UTC: it decides which days match, never which instant is meant. */
  cron: CronExpression;
  /** Minutes from 00:00 at which it fires on such a day, ascending, never empty. */
  minutesOfDay: Uint16Array;
}

/** The words of crontab(5), without `@reboot`, and the fields that they mean. */
const fieldsOfWords: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const monthNames = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC';
const dayNames = 'SUN|MON|TUE|WED|THU|FRI|SAT';
const numbers = new Map([
  ...monthNames.split('|').map((name, index): [string, number] => [name, index + 1]),
  ...dayNames.split('|').map((name, index): [string, number] => [name, index]),
]);

/** One list item of a field: `*`, a value or a range, each with an optional step; or one of `extras` by itself. */
function item(value: string, extras = 'NEVER'): RegExp {
  return new RegExp(
    `^(?:(?:\\*|(?<from>${value})(?:-(?<to>${value}))?)(?:/(?<step>\\d+))?|${extras})$`,
  );
}

/**
 * In addition to crontab(5), allows only what cron-parser computes right and other crons read the same way: `L` (last day of
 * the month), `5L` (last Friday), `5#2` (second Friday), `5/15` (from 5 on).
 */
const fieldRules = [
  { name: 'minute', least: 0, most: 59, span: 60, item: item('\\d{1,2}') },
  { name: 'hour', least: 0, most: 23, span: 24, item: item('\\d{1,2}') },
  { name: 'day of month', least: 1, most: 31, span: 31, item: item('\\d{1,2}', 'L') },
  { name: 'month', least: 1, most: 12, span: 12, item: item(`\\d{1,2}|${monthNames}`) },
  {
    name: 'weekday',
    least: 0,
    most: 7,
    span: 7,
    item: item(`[0-7]|${dayNames}`, `(?:[0-7]|${dayNames})(?:L|#[1-5])`),
  },
];

const example = "five fields, as in '*/5 * * * *' or '30 9 * * 1-5', or a word such as @hourly";

/** Reads `[CRON_TZ=Area/City ]<five fields or a word>`; throws BadScheduleError. */
export function readSchedule(text: string, timezone: string): Schedule {
  const trimmed = text.trim();
  const refuse = (why: string, hint: string): never => {
    throw new BadScheduleError('schedule_cron', trimmed, why, hint);
  };
  // 1024 is cron-parser's own limit; every value of every field listed takes about half of it
  if (trimmed.length > 1024) refuse('it is longer than 1024 characters', `write ${example}`);

  const prefix = /^CRON_TZ=(\S*)\s*/.exec(trimmed);
  const zone = zoneName(prefix?.[1] ?? timezone);
  if (zone === null) {
    const meant = nearest(prefix?.[1] ?? timezone, Intl.supportedValuesOf('timeZone'));
    const did = meant.length > 0 ? `${askedIfMeant(meant)} Else ` : '';
    const hint = `${did}take an IANA name such as 'UTC' or 'Europe/Berlin', no offset and no short form`;
    if (prefix) refuse(`CRON_TZ names an unknown timezone, ${quote(prefix[1]!)}`, hint);
    throw new BadScheduleError('timezone', timezone, 'no such timezone is known', hint);
  }

  const fields = fieldsOf(trimmed.slice(prefix?.[0].length ?? 0), refuse);
  let cron: CronExpression;
  try {
    cron = CronExpressionParser.parse(fields.join(' '), { tz: 'UTC', currentDate: new Date(0) });
  } catch (error) {
    // cron-parser refuses a text with a plain Error. An error of these classes is a mistake in code, not in the text.
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    const why = (error as Error).message;
    if (/explicit day of month/.test(why))
      refuse('it never fires: no month that it names has such a day', "for a month's end write L");
    const twice = /duplicate values found: (.*)/.exec(why);
    if (twice)
      refuse(
        `a list names a value twice: ${twice[1]}`,
        'name every value once; 0 and 7 are both Sunday',
      );
    return refuse(why, `write ${example}; a range goes upwards`);
  }
  const minutes = cron.fields.minute.values;
  return {
    text: trimmed,
    zone,
    fields: fields.join(' '),
    // the test of Vixie cron: any `*` in minute or hour, also one with a step or in a list
    elapsed: /\*/.test(`${fields[0]}${fields[1]}`),
    cron,
    minutesOfDay: Uint16Array.from(
      cron.fields.hour.values.flatMap((hour) => minutes.map((minute) => hour * 60 + minute)),
    ),
  };
}

const numberOf = (value: string): number => numbers.get(value) ?? Number(value);

/** Five upper-case fields that cron-parser and every other cron read the same way. */
function fieldsOf(body: string, refuse: (why: string, hint: string) => never): string[] {
  // cron-parser would take empty text for every minute, and four or six fields without a word
  if (!body) return refuse('it is empty', `write ${example}`);
  if (body.startsWith('@')) {
    const known = Object.keys(fieldsOfWords).join(' ');
    const meant = fieldsOfWords[body.toLowerCase()];
    return meant?.split(' ') ?? refuse('the word is not known', `take one of ${known}`);
  }
  const fields = body.toUpperCase().split(/\s+/);
  if (fields.length !== 5) {
    const hint = fields.length === 6 ? 'leave the field for seconds out' : `write ${example}`;
    refuse(
      `it has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'} instead of 5`,
      hint,
    );
  }
  for (const [index, rule] of fieldRules.entries()) {
    const field = fields[index]!;
    const place = `the ${rule.name} field ${quote(field)}`;
    if (/(^|,)H/.test(field))
      refuse(`${place} is random (H)`, 'name the minute, and set jitter_seconds to spread load');
    for (const part of field.split(',')) {
      const match = rule.item.exec(part);
      if (!match) refuse(`${place} cannot be read`, `write ${example}; for 'any' write *, not ?`);
      const { from, to, step } = match?.groups ?? {};
      for (const value of [from, to])
        if (value && !(numberOf(value) >= rule.least && numberOf(value) <= rule.most))
          refuse(
            `${rule.name} cannot be ${value}: it goes from ${rule.least} to ${rule.most}`,
            `write ${example}`,
          );
      if (from && to && numberOf(from) > numberOf(to))
        refuse(
          `${rule.name} cannot go from ${from} to ${to}: a range goes upwards`,
          `to go past the end write two ranges: ${from}-${rule.name === 'weekday' ? 6 : rule.most},${rule.least}-${to}`,
        );
      if (step && Number(step) === 0)
        refuse(`${place} has a step of 0`, "write 1 or more after the /, as in '*/5'");
      if (Number(step ?? 0) > rule.span)
        refuse(`${place} steps over all of its ${rule.span} values`, 'use the next larger field');
    }
    // in a day field cron-parser would take `*/1` for a restriction, and OR it with the other day field
    if (/^\*\/0*1$/.test(field)) fields[index] = '*';
  }
  // crontab(5) combines such a pair with AND because of the *, cron-parser and POSIX with OR
  const days = [fields[2]!, fields[4]!];
  if (days.every((field) => field !== '*') && days.some((field) => field.includes('*')))
    refuse(
      'day of month and weekday are both set, one with */n: cron programs disagree on what that means',
      "write the days out: '1-31/2' or '1,3,5' fires on those days or on the other field's",
    );
  return fields;
}

/** The schedule in English, with its zone: `Every 5 minutes (UTC)`. */
export async function cronInWords(schedule: Schedule): Promise<string> {
  const { default: cronstrue } = await import('cronstrue');
  const said = cronstrue.toString(schedule.fields, { use24HourTimeFormat: true });
  return `${said} (${schedule.zone})`;
}
