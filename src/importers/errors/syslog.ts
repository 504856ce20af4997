import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import {
  epoch,
  instant,
  instantWithoutYear,
  monthOf,
  noSuchTime,
  noSuchZone,
  zoneIn,
} from '../reading/log-time.ts';
import { zonePattern } from '../reading/zone.ts';
import { errorLogRow, isOfStack, join, type ErrorLogRow } from './error-log-row.ts';

/** The lines of syslog daemons and journalctl: a time, the host, the program and a text. */
export const syslog: LogFormat<ErrorLogRow> = {
  name: 'syslog',
  writtenBy:
    'rsyslog, syslog-ng, macOS, journalctl (short, short-full, short-iso, short-unix), RFC 3164 and 5424',
  example: [
    '<34>1 2026-03-09T15:16:01.003+01:00 db1.example.com su - ID47 - authentication failure',
    '<34>Mar  9 15:16:01 db1 su: authentication failure',
    '2026-03-09T15:16:01.123456+02:00 db1 sshd[19939]: authentication failure',
    'Mon 2026-03-09 15:16:01 CET db1 sshd[19939]: authentication failure',
    '1773065761.123456 db1 sshd[19939]: authentication failure',
    'Mar  9 2026 15:16:01.123 db1 sshd[19939]: authentication failure',
    'Mar  9 15:16:01 db1 sshd[19939]: authentication failure',
  ],
  zone: 'sometimes named',
  reader: (reading) => (line) => parse(line, reading),
};

const modern =
  /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \uFEFF?(.*))?$/su;

const clock = '(\\d\\d):(\\d\\d):(\\d\\d)(?:[.,](\\d{1,9}))?';
const rest = ' (\\S+) (?:([^\\s:[]+)(?:\\[(\\d+)\\])?: ?)?(.*)$';
// Many programs begin their lines with such a time and a word. A line counts as syslog only if a program follows the host.
const tagged =
  ' (?!(?:trace|debug|info|notice|warn|warning|error|fatal|critical|panic)\\b)([A-Za-z0-9][\\w.:-]*) ([^\\s:[]+)(?:\\[(\\d+)\\])?: ?(.*)$';
/** `Mar  9 15:16:01`, with a year where the daemon writes one. */
const classic = new RegExp(
  `^(?:<(\\d{1,3})>)?(([A-Z][a-z]{2}) ([ \\d]\\d|\\d) (?:(\\d{4}) )?${clock}(?: (${zonePattern})(?= ))?):?${rest}`,
  's',
);
/** `2026-03-09T15:16:01+02:00`, `Mon 2026-03-09 15:16:01 CET`. */
const iso = new RegExp(
  `^(?:<(\\d{1,3})>)?(?:1 )?((?:[A-Z][a-z][a-z] )?(\\d{4})-(\\d\\d)-(\\d\\d)([Tt ])${clock} ?([zZ]|${zonePattern})?)${tagged}`,
  'si',
);
const unix = new RegExp(`^(?:<(\\d{1,3})>)?(\\d{10}\\.\\d{1,9})${tagged}`, 'si');

function parse(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  // journalctl's own: `-- Boot 5c1e... --`
  if (line.startsWith('-- ') && line.endsWith(' --')) return 'nothing';
  const found = classic.exec(line);
  if (!found)
    return line.startsWith('<') && modern.test(line)
      ? parseModern(line, reading)
      : parseIso(line, reading);
  const [, priority, stamp, month, day, year, hour, minute, second, digits, name, ...texts] = found;
  const zone = zoneIn(name, reading);
  if (zone === null) return noSuchZone(name!);
  const wall = [monthOf(month!), day, hour, minute, second] as const;
  const at =
    year === undefined
      ? instantWithoutYear(reading, zone, ...wall, digits)
      : instant(zone, year, ...wall, digits);
  return at === null ? noSuchTime(stamp!) : row(texts, at, priority);
}

function parseIso(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  const found = iso.exec(line);
  if (!found) return parseUnix(line);
  const [
    ,
    priority,
    stamp,
    year,
    month,
    day,
    separator,
    hour,
    minute,
    second,
    digits,
    name,
    ...texts
  ] = found;
  // `2026-03-09 15:16:01 text` is how most programs begin a line that names no host.
  if (separator === ' ' && !/^[A-Z]/.test(stamp!)) return 'more';
  const zone = zoneIn(name?.toUpperCase(), reading);
  if (zone === null) return noSuchZone(name!);
  const at = instant(zone, year, month, day, hour, minute, second, digits);
  return at === null ? noSuchTime(stamp!.slice(0, 40)) : row(texts, at, priority);
}

function parseUnix(line: string): ParsedLine<ErrorLogRow> {
  const [, priority, stamp, ...texts] = unix.exec(line) ?? [];
  if (stamp === undefined) return 'more';
  const at = epoch(Number(stamp));
  return at === null ? noSuchTime(stamp) : row(texts, at, priority);
}

function parseModern(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  const [, priority, stamp, ...given] = modern.exec(line)!;
  // RFC 5424 writes `-` for an unknown value.
  const [host, program, pid] = given.map((value) => (value === '-' ? undefined : value));
  const texts = [host, program, pid, given[3]];
  if (stamp === '-') return row(texts, null, priority);
  const [, year, month, day, hour, minute, second, digits, name] = modernTime.exec(stamp!) ?? [];
  const zone = zoneIn(name?.toUpperCase(), reading);
  const at =
    year === undefined || zone === null
      ? null
      : instant(zone, year, month, day, hour, minute, second, digits);
  return at === null ? noSuchTime(stamp!.slice(0, 40)) : row(texts, at, priority);
}

const modernTime = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)[Tt]${clock}([zZ]|${zonePattern})?$`);

function row(
  [host, program, pid, text = '']: (string | undefined)[],
  at: number | null,
  priority: string | undefined,
): ParsedLine<ErrorLogRow> {
  const type = program ? `syslog.${program}` : 'syslog';
  const severity = priority ? Number(priority) % 8 : undefined;
  const lines = text.includes('#01') ? linesOf(text) : [];
  const message = lines[0] ?? text;
  const found = errorLogRow(type, message, at, { host, pid, severity });
  for (const line of lines.slice(1)) if (!join(found.row, line)) found.cut = true;
  found.writer = `${host} ${type} ${pid}`;
  return /^\s/.test(message) || isOfStack(message, 0) ? { ...found, more: message } : found;
}

/**
 * The lines of a text of rsyslog, which writes #011 for a tab and #012 for a line end. A text that contained these
 * characters itself looks the same, so they are replaced only where a stack trace follows.
 */
function linesOf(text: string): string[] {
  const isIndentedByTab = text.startsWith('#011');
  if (!isIndentedByTab && !text.includes('#012')) return [text];
  if (!isIndentedByTab && !/#012(?:#011|\s|Caused by: )/.test(text)) return [text];
  return text.replaceAll('#011', '\t').split('#012');
}
