import { isIP } from 'node:net';
import { fitting, storable } from '../ground/text.ts';
import type { LogFormat, ParsedLine } from './log-rows.ts';
import { fraction, instant, monthOf, offsetOf, zone } from './log-time.ts';

export interface ErrorLogRow {
  error_type: string;
  error_message: string;
  /** a JSON object */
  context: string | null;
  ip_address: string | null;
  /** ms since 1970; null when the line names no time */
  created_at: number | null;
}

interface Clock {
  /** The database's time in ms since 1970. */
  now: number;
  /** How many ms a time without a zone is east of UTC. */
  offset: number;
}

const parsers = { apache: parseApache, syslog: parseSyslog, plain: parsePlain };
export type ErrorLogFormat = keyof typeof parsers;
export const errorLogFormats = Object.keys(parsers) as ErrorLogFormat[];

/** One line is one row. `offset`: how many ms times without a zone are east of UTC; most logs write no zone. */
export const errorLog = (format: ErrorLogFormat, offset = 0): LogFormat<ErrorLogRow> => ({
  table: 'error_logs',
  columns: ['error_type', 'error_message', 'context', 'ip_address', 'created_at'],
  parser: (now) => (line) => parsers[format](storable(line), { now, offset }),
  hint: `this was read as --format ${format}; the others are ${errorLogFormats.filter((other) => other !== format).join(' and ')}`,
});

const row = (
  type: string,
  message: string,
  created_at: number | null,
  { ip = null, ...context }: { ip?: string | null; [key: string]: unknown } = {},
): ParsedLine<ErrorLogRow> => {
  const known = JSON.stringify(context);
  return {
    row: {
      error_type: fitting(type, 100),
      error_message: message,
      context: known === '{}' ? null : known,
      ip_address: ip,
      created_at,
    },
  };
};

const noSuchTime = (text: string) => ({ why: `there is no such time as ${text}` });

// 2.2 `[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] text`
// 2.4 `[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 5:tid 6] [client 192.0.2.1:443] text`
const apache =
  /^\[((?:[A-Z][a-z]{2}) ([A-Z][a-z]{2}) +(\d\d?) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (\d{4}))\] \[(?:([\w-]*):)?(\w+)\]/;
const apacheBlock = / \[(pid|client|remote) ([^\]]*)\]/y;

function parseApache(line: string, { offset }: Clock): ParsedLine<ErrorLogRow> {
  const found = apache.exec(line);
  if (!found) return { why: 'it does not begin with [weekday month day time year] [level]' };
  const [all, text, month, day, hour, minute, second, digits, year, module, level] = found;
  const wall = [year, monthOf(month!), day, hour, minute, second].map(Number);
  const at = instant(wall, offset, fraction(digits));
  if (at === null) return noSuchTime(text!);
  const blocks: Record<string, string> = {};
  let end = all.length;
  apacheBlock.lastIndex = end;
  for (let block; (block = apacheBlock.exec(line)); end = apacheBlock.lastIndex)
    blocks[block[1]!] ??= block[2]!;
  const { pid, client, remote = client } = blocks;
  // `[-:error]` and `[:error]` come from modules without a name.
  const type = module && module !== '-' ? `apache.${module}.${level}` : `apache.${level}`;
  const ip = remote ? clientOf(remote, module !== undefined) : null;
  return row(type, line.slice(end).trimStart(), at, { ip, ...(pid && { pid }) });
}

/**
 * Apache 2.4 appends the port to the address; in `::1:8080` only the version tells whether the last part is a port.
 */
function clientOf(text: string, withPort: boolean): string | null {
  const bare = text.replace(/:\d{1,5}$/, '');
  const candidates = withPort ? [bare, text] : [text, bare];
  return candidates.find((candidate) => isIP(candidate) && !candidate.includes('%')) ?? null;
}

// With slashes it is nginx' own format.
const isoPattern = `(\\d{4})[-/](\\d\\d)[-/](\\d\\d)[T ](\\d\\d):(\\d\\d):(\\d\\d)(?:[.,](\\d{1,9}))?(${zone})?`;
const iso = new RegExp(`^\\[?(${isoPattern})(?!\\d)`);

/** The time at the beginning of a text: in ms; undefined where there is none, null for one that does not exist. */
function leadingTime(text: string, offset: number): number | null | undefined {
  const [, , year, month, day, hour, minute, second, digits, its] = iso.exec(text) ?? [];
  if (!year) return undefined;
  const wall = [year, month, day, hour, minute, second].map(Number);
  return instant(wall, offsetOf(its, offset), fraction(digits));
}

function parsePlain(line: string, { offset }: Clock): ParsedLine<ErrorLogRow> {
  const at = leadingTime(line, offset);
  return at === null ? noSuchTime(line.slice(0, 24)) : row('plain', line, at ?? null);
}

// RFC 5424 `<34>1 2026-05-17T10:05:03.123Z host program pid id [data] text`
const modern =
  /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \uFEFF?(.*))?$/su;
// `Jun 14 15:16:01 host program[pid]: text`, with an ISO time from newer daemons, a <PRI> on the wire
const classic =
  /^(?:<(\d{1,3})>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\S+) (\S+) (?:([^\s:[]+)(?:\[(\d+)\])?: ?)?(.*)$/su;

function parseSyslog(line: string, clock: Clock): ParsedLine<ErrorLogRow> {
  const found = modern.exec(line);
  const [, priority, stamp, host, program, pid, text] = found ?? classic.exec(line) ?? [];
  if (!stamp) return { why: 'it does not begin with `Jun 14 15:16:01 host` or an RFC 5424 header' };
  // RFC 5424 writes `-` for an unknown value.
  const known = (value: string | undefined) => (found && value === '-' ? undefined : value);
  const at = known(stamp) ? syslogTime(stamp, clock) : undefined;
  if (at === null) return noSuchTime(stamp.slice(0, 40));
  const type = known(program) ? `syslog.${program}` : 'syslog';
  const severity = priority ? Number(priority) % 8 : undefined;
  // JSON omits undefined values.
  const context = { host: known(host), pid: known(pid), severity };
  return row(type, text ?? '', at ?? null, context);
}

/** A date without a year is in the latest year in which it exists and is not in the future. */
function syslogTime(stamp: string, { now, offset }: Clock): number | null {
  const given = leadingTime(stamp, offset);
  if (given !== undefined) return given;
  const month = monthOf(stamp.slice(0, 3));
  const wall = [stamp.slice(4, 6), ...stamp.slice(7).split(':')].map(Number);
  const year = new Date(now + offset).getUTCFullYear();
  // 29 February: leap years are up to eight years apart.
  for (let back = 0; back <= 8; back++) {
    const at = instant([year - back, month, ...wall], offset);
    if (at !== null && at <= now) return at;
  }
  return null;
}
