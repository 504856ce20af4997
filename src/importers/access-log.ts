import { isIP } from 'node:net';
import { fitting, storable } from '../ground/text.ts';
import type { LogFormat, ParsedLine } from './log-rows.ts';
import { instant, monthOf, offsetOf, zone } from './log-time.ts';

export interface ApiLogRow {
  endpoint: string;
  method: string;
  status_code: number;
  response_time_ms: number | null;
  ip_address: string | null;
  /** ms since 1970 */
  created_at: number;
}

/** Factors to ms from the unit of the duration that a server writes after the agent; Apache's %D is us, %T is s. */
const units = { us: 0.001, ms: 1, s: 1000 };
export type TimeUnit = keyof typeof units;

/**
 * The combined log format, and the common format, which ends after the size. The path is stored with its query
 * string. Without a `timeUnit`, everything after the agent is ignored.
 */
export const accessLog = (timeUnit?: TimeUnit): LogFormat<ApiLogRow> => ({
  table: 'api_logs',
  columns: ['endpoint', 'method', 'status_code', 'response_time_ms', 'ip_address', 'created_at'],
  parser: () => (line) => parseAccess(line, timeUnit),
  hint: 'a line looks like `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512`; `npx roundsman import error-log` reads other logs',
});

const time = new RegExp(
  ` \\[((\\d\\d)/([A-Z][a-z]{2})/(\\d{4}):(\\d\\d):(\\d\\d):(\\d\\d) (${zone}))\\] "`,
);
const request = /^(\S+) (.*?)(?: HTTP\/\d(?:\.\d)?)?$/su;
const afterRequest = / (\S+) (?:\d+|-)(?= |$)/y;
const largestInteger = 2 ** 31 - 1;

function parseAccess(line: string, timeUnit: TimeUnit | undefined): ParsedLine<ApiLogRow> {
  const host = line.split(' ', 1)[0]!;
  const ip = addressOf(host);
  if (ip === undefined) return { why: `it begins with ${quoted(host)}, which is no address` };

  const stamp = time.exec(line);
  if (!stamp) return { why: 'there is no [day/month/year:time zone] before a quoted request' };
  const [all, text, day, month, year, hour, minute, second, offset] = stamp;
  const date = [Number(year), monthOf(month!), Number(day)];
  const clock = [Number(hour), Number(minute), Number(second)];
  const created_at = instant([...date, ...clock], offsetOf(offset, 0));
  if (created_at === null) return { why: `there is no such time as ${text}` };

  const start = stamp.index + all.length;
  const end = closingQuote(line, start);
  if (end === -1) return { why: 'the request has no closing quote' };
  const [, method, path] = request.exec(line.slice(start, end)) ?? [];
  if (!method || !path)
    return { why: `the request ${quoted(line.slice(start, end))} is not a method and a path` };
  if (!/^[\w-]{1,10}$/.test(method)) return { why: `${quoted(method)} is no method` };

  afterRequest.lastIndex = end + 1;
  const [, status] = afterRequest.exec(line) ?? [];
  if (!status) return { why: 'there is no status and size after the request' };
  if (!/^[1-5]\d\d$/.test(status)) return { why: `the status ${quoted(status)} is not 100 to 599` };

  const extra = behindAgent(line.slice(afterRequest.lastIndex));
  if (extra === null) return { why: 'the referrer and the agent are not two quoted texts' };
  const response_time_ms = timeUnit ? duration(extra, timeUnit) : null;
  if (response_time_ms === undefined) return { why: 'there is no response time after the agent' };

  const whole = storable(unescaped(path));
  const endpoint = fitting(whole, 255);
  const status_code = Number(status);
  return {
    row: { endpoint, method, status_code, response_time_ms, ip_address: ip, created_at },
    cut: endpoint !== whole,
  };
}

/** The address; null for a host name, a `-` or a socket; undefined for anything else. */
function addressOf(host: string): string | null | undefined {
  // PostgreSQL's inet takes no zone index.
  const address = host.split('%', 1)[0]!;
  if (isIP(address)) return address;
  return /^(?:[\w.-]{1,253}|unix:)$/.test(host) && !/^[\d.]+$/.test(host) ? null : undefined;
}

function closingQuote(line: string, start: number): number {
  for (let at = start; at < line.length; at++) {
    const character = line[at];
    if (character === '"') return at;
    if (character === '\\') at++;
  }
  return -1;
}

/** What follows the agent, '' in the common format; null when referrer and agent are not complete. */
function behindAgent(rest: string): string | null {
  if (rest.trim() === '') return '';
  // Older servers do not escape quotes inside an agent, so only the outer quotes count.
  const between = rest.indexOf('" "', 2);
  const end = rest.lastIndexOf('"');
  return rest.startsWith(' "') && between !== -1 && end > between + 2 ? rest.slice(end + 1) : null;
}

/** Whole ms; null for a `-`, undefined when there is no valid duration. */
function duration(extra: string, unit: TimeUnit): number | null | undefined {
  const field = extra.trim().split(' ').at(-1)!;
  if (field === '-') return null;
  const ms = /^\d+(?:\.\d+)?$/.test(field) ? Math.round(Number(field) * units[unit]) : Infinity;
  return ms <= largestInteger ? ms : undefined;
}

const escapes: Record<string, string> = { b: '\b', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Apache and nginx escape quotes, backslashes, controls and bytes beyond ASCII with a backslash. */
const unescaped = (text: string): string =>
  text.includes('\\')
    ? text.replaceAll(/((?:\\x[\dA-Fa-f]{2})+)|\\(["\\bnrtv])/g, (_, bytes, character) =>
        bytes
          ? Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString()
          : (escapes[character] ?? character),
      )
    : text;

const quoted = (text: string): string => `"${fitting(text, 60)}"`;
