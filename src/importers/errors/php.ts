import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { instant, monthOf, noSuchTime } from '../reading/log-time.ts';
import { followingZone, zoneOf, type Zone } from '../reading/zone.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

/** The `error_log` of PHP, and the log of PHP-FPM. */
export const php: LogFormat<ErrorLogRow> = {
  name: 'php',
  writtenBy: 'PHP, PHP-FPM',
  example: [
    '[10-Mar-2026 12:00:00] NOTICE: fpm is running, pid 1',
    '[10-Mar-2026 12:00:00 Europe/Berlin] PHP Fatal error:  Uncaught Error: Call to undefined function x() in /srv/index.php:3',
  ],
  zone: 'sometimes named',
  reader(reading) {
    // PHP names the zone in each line. For each zone, one reader follows the lines before.
    const zones = new Map<string, Zone | null>();
    const zoneNamed = (name: string) => {
      let zone = zones.get(name);
      if (zone === undefined) {
        const found = zoneOf(name);
        zone = found && followingZone(found);
        if (zones.size < 1_000) zones.set(name, zone);
      }
      return zone;
    };
    return (line) => parse(line, reading, zoneNamed);
  },
};

const head =
  /^\[((\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ([A-Za-z+-][\w/+:-]{0,40}))?)\] ?(.*)$/s;
const level =
  /^(?:PHP )?((?:Catchable |Recoverable |Core |Compile |User )?(?:[Ff]atal error|[Pp]arse error|[Ww]arning|[Nn]otice|[Dd]eprecated|[Ee]rror)|WARNING|NOTICE|ERROR|ALERT|DEBUG)\b:?/;

/** A line of a stack trace that PHP writes as a message, after a warning: `PHP   1. {main}() /srv/index.php:0`. */
const stackLine = /^PHP (?:Stack trace:$| +\d+\. )/;

function parse(
  line: string,
  { zone: given, isZoneGiven }: Reading,
  zoneNamed: (name: string) => Zone | null,
): ParsedLine<ErrorLogRow> {
  const found = head.exec(line);
  if (!found) return 'more';
  const [, text, day, month, year, hour, minute, second, digits, name, message] = found;
  const zone = name === undefined ? given : (zoneNamed(name) ?? (isZoneGiven ? given : null));
  if (zone === null)
    return { why: `the zone ${name} is not known; --time-zone says which one it is` };
  const at = instant(zone, year, monthOf(month!), day, hour, minute, second, digits);
  if (at === null) return noSuchTime(text!);
  const kind = level.exec(message!)?.[1]?.toLowerCase().replaceAll(' ', '-');
  const row = errorLogRow(kind ? `php.${kind}` : 'php', message!, at);
  return stackLine.test(message!) ? { ...row, more: message!.slice('PHP '.length) } : row;
}
