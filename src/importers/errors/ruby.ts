import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { instant, noSuchTime, noSuchZone, zoneIn } from '../reading/log-time.ts';
import { zonePattern } from '../reading/zone.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

/** The log of Ruby's Logger. */
export const ruby: LogFormat<ErrorLogRow> = {
  name: 'ruby',
  writtenBy: "Ruby's Logger, Rails",
  example: [
    'E, [2026-03-10T12:00:00.123456 #1234] ERROR -- : undefined method `x` for nil',
    'W, [2026-03-10T12:00:00.123456 #1234]  WARN -- web: slow query',
  ],
  zone: 'not named',
  reader: (reading) => (line) => parse(line, reading),
};

const head = new RegExp(
  `^[DIWEFAU], \\[((\\d{4})-(\\d\\d)-(\\d\\d)[T ](\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,9}))?(${zonePattern})?) ?#(\\d+)\\] +(\\w+) -- ([^:]{0,200}): ?(.*)$`,
  's',
);

function parse(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  const found = head.exec(line);
  if (!found) return 'more';
  const [
    ,
    text,
    year,
    month,
    day,
    hour,
    minute,
    second,
    digits,
    name,
    pid,
    level,
    program,
    message,
  ] = found;
  const zone = zoneIn(name, reading);
  if (zone === null) return noSuchZone(name!);
  const at = instant(zone, year, month, day, hour, minute, second, digits);
  if (at === null) return noSuchTime(text!);
  const type = `ruby.${level!.toLowerCase()}`;
  return errorLogRow(type, message!, at, { pid, program: program || undefined });
}
