import { fitting } from '../../ground/text.ts';
import { units, type LogFormat, type ParsedLine, type Reading } from '../reading/log-format.ts';
import { epoch, instant, monthOf, noSuchTime, noSuchZone, zoneIn } from '../reading/log-time.ts';
import { zonePattern } from '../reading/zone.ts';
import {
  apiLogRow,
  ipOf,
  isMethod,
  pathOfUrl,
  statusOf,
  wholeMs,
  withoutSpaces,
  type ApiLogRow,
} from './api-log-row.ts';

/**
 * The combined format and its variants: the common format, which ends after the size; a virtual host or a list of
 * addresses at the beginning; other forms of the time; and more fields at the end.
 */
export const combined: LogFormat<ApiLogRow> = {
  name: 'combined',
  writtenBy: 'Apache (common, combined, vhost_combined), nginx, lighttpd, Traefik, Werkzeug',
  example: [
    'www.example.com:443 192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "An agent/1.0"',
    '203.0.113.7, 10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512',
    '[2001:db8::1]:40312 - - [17/May/2015:10:05:03 +0000] "-" 408 0 "-" "-"',
    '192.0.2.1 - - [2015-05-17T10:05:03+00:00] "GET /a HTTP/1.1" 000 0 "https://example.com/"',
    '192.0.2.1 - - [17/May/2015 10:05:03] "GET /a HTTP/1.1" 200 -',
    '192.0.2.1 - ann [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "An agent/1.0" rt=0.012',
    '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "-" 7 "web@docker" "http://10.0.0.2:80" 3ms',
    '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "An agent/1.0"',
  ],
  zone: 'sometimes named',
  reader: (reading) => (line) => parse(line, reading),
};

const time = new RegExp(
  ` \\[((\\d\\d)/([A-Z][a-z]{2})/(\\d{4})[: ](\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,9}))?(?: (${zonePattern}))?)\\] "`,
);
const otherTime = new RegExp(
  ` \\[?(?:((\\d{4})-(\\d\\d)-(\\d\\d)[T ](\\d\\d):(\\d\\d):(\\d\\d)(?:[.,](\\d{1,9}))? ?(${zonePattern})?)|(\\d{10}(?:\\.\\d{1,9})?|\\d{13}))\\]? "`,
);

/** The time of a line. */
interface Stamp {
  /** ms since 1970; null where the time does not exist, or its zone has several meanings */
  at: number | null;
  /** why there is no such time; null where there is one */
  why: { why: string } | null;
  /** the offset at which the time begins */
  start: number;
  /** the offset at which the request begins, after the quote that follows the time */
  end: number;
}

function stampOf(line: string, reading: Reading): Stamp | null {
  const found = time.exec(line);
  if (!found) return otherStampOf(line, reading);
  const [all, text, day, month, year, hour, minute, second, digits, name] = found;
  const zone = zoneIn(name, reading);
  const at = zone && instant(zone, year, monthOf(month!), day, hour, minute, second, digits);
  const why = at !== null ? null : zone ? noSuchTime(text!) : noSuchZone(name!);
  return { at, why, start: found.index, end: found.index + all.length };
}

function otherStampOf(line: string, reading: Reading): Stamp | null {
  const found = otherTime.exec(line);
  if (!found) return null;
  const [all, text, year, month, day, hour, minute, second, digits, name, seconds] = found;
  const zone = zoneIn(name, reading);
  const at =
    seconds === undefined
      ? zone && instant(zone, year, month, day, hour, minute, second, digits)
      : epoch(Number(seconds));
  const why = at !== null ? null : zone ? noSuchTime(text ?? seconds!) : noSuchZone(name!);
  return { at, why, start: found.index, end: found.index + all.length };
}

const request = /^(\S+) (.*?)(?: HTTP\/\d(?:\.\d)?)?$/su;
const afterRequest = / (\S+) (?:\d+|-)(?= |$)/y;

function parse(line: string, reading: Reading): ParsedLine<ApiLogRow> {
  const ip = clientOf(line);
  if (ip === undefined)
    return { why: `it begins with ${quote(line.split(' ', 1)[0]!)}, which is not an address` };

  const stamp = stampOf(line, reading);
  if (!stamp) return { why: 'there is no [day/month/year:time zone] before a quoted request' };
  if (stamp.why) return stamp.why;

  const end = closingQuote(line, stamp.end);
  if (end === -1) return { why: 'the request has no closing quote' };
  afterRequest.lastIndex = end + 1;
  const [, code] = afterRequest.exec(line) ?? [];
  if (!code) return { why: 'there is no status and size after the request' };
  const status = statusOf(code);
  if (status === null) return { why: `the status ${quote(code)} is not three digits` };

  const extra = textAfterAgent(line.slice(afterRequest.lastIndex));
  if (extra === null) return { why: 'the referrer and the agent are not two quoted texts' };
  const ms = durationIn(extra, reading);
  if (ms === undefined) return { why: 'there is no response time after the agent' };

  const requestText = line.slice(stamp.end, end);
  const [, method, path] = request.exec(requestText) ?? [];
  // A client that sends nothing, or no HTTP, gets 400 or 408: then the text in the quotes is all that is known of its
  // request.
  const target = path && withoutSpaces(path);
  const [shownMethod, shownPath] =
    method && target && isMethod(method)
      ? [method, pathOfUrl(unescape(target))]
      : ['-', unescape(requestText) || '-'];
  return apiLogRow({ path: shownPath, method: shownMethod, status, ms, ip, at: stamp.at });
}

const virtualHost = /^(?:[\w.*-]{1,253}|\[[\d:a-f]+\])(?::\d{1,5})?$/i;

/**
 * The address of the client: null for a host name, a `-` or a socket; undefined where the line begins with anything
 * else. Proxies append to a list of addresses, so the first address of a list is the client's. A virtual host may stand
 * before the address.
 */
function clientOf(line: string): string | null | undefined {
  const space = line.indexOf(' ');
  const first = space === -1 ? line : line.slice(0, space);
  const ip = ipOf(first);
  if (ip !== null) return ip;
  if (first.includes(',') || first.startsWith('"')) return firstOfList(line);
  const second = line.slice(space + 1).split(' ', 1)[0]!;
  if (!virtualHost.test(first) || /^[\d.:]+$/.test(first))
    return first === 'unix:' ? null : undefined;
  const address = second.includes(',') ? firstOfList(line.slice(space + 1)) : ipOf(second);
  return address ?? null;
}

/**
 * The first address of a list at the beginning of the line, such as `192.0.2.1, 10.0.0.1 `, `"192.0.2.1, 10.0.0.1" ` or
 * `unknown,10.0.0.1 `; null for a list without an address, undefined where there is no list.
 */
function firstOfList(line: string): string | null | undefined {
  const [, inQuotes, bare] = /^(?:"([^"]*)"|((?:[^\s,"]*, ?)*[^\s,"]*))(?: |$)/.exec(line) ?? [];
  const items = (inQuotes ?? bare)?.split(',').map((each) => each.trim());
  if (items === undefined || items.length > 100) return undefined;
  if (!items.every((each) => each === '' || ipOf(each) !== null || /^[\w.-]+$/.test(each)))
    return undefined;
  for (const item of items) {
    const ip = ipOf(item);
    if (ip !== null) return ip;
  }
  return null;
}

function closingQuote(line: string, start: number): number {
  for (let index = start; index < line.length; index++) {
    const character = line[index];
    if (character === '"') return index;
    if (character === '\\') index++;
  }
  return -1;
}

/**
 * The text after the agent, or after the referrer where there is no agent; '' in the common format. Null when a quoted
 * text is not complete.
 */
function textAfterAgent(rest: string): string | null {
  if (rest.trim() === '') return '';
  if (!rest.startsWith(' "')) return isDuration(rest) ? rest : null;
  // Older servers do not escape quotes inside an agent, so only the outer quotes count.
  const between = rest.indexOf('" "', 2);
  const end = rest.lastIndexOf('"');
  // Nearly all lines end with the agent.
  if (between !== -1 && end === rest.length - 1 && rest.indexOf('"', between + 3) === end)
    return '';
  if (between !== -1) return end > between + 2 ? rest.slice(between + 2) : null;
  return end > 1 ? rest.slice(end + 1) : null;
}

const bareDuration = /^\d+(?:\.\d+)?$/;
const withUnit = /^(\d+(?:\.\d+)?)(ms|us|µs|ns|s)$/;
/** A field with a name by which servers call the duration of the whole request (and not that of an upstream server). */
const namedDuration =
  /^"?(?:rt|reqtime|request_time|response_time|resp_time|duration|time_taken|took|D)[=:]"?(\d+(?:\.\d+)?)(ms|us|µs|ns|s)?"?[,;]?$/i;

const isDuration = (rest: string): boolean =>
  rest
    .trim()
    .split(' ')
    .some((field) => bareDuration.test(field) || withUnit.test(field) || namedDuration.test(field));

const factors: Record<string, number> = { ...units, µs: 0.001, ns: 1e-6 };

/**
 * The duration of the request, in whole ms: the value of a field that names it or its unit; with `timeUnit`, the value of
 * the last field. Null when there is none, undefined when there is none although `timeUnit` is given.
 */
function durationIn(extra: string, { timeUnit }: Reading): number | null | undefined {
  if (extra === '') return timeUnit === undefined ? null : undefined;
  // Leaves out quoted texts such as the agent, because the client chooses what they contain.
  const outside = extra.startsWith('"')
    ? extra.replaceAll(/(?<![^ ])"(?:[^"\\]|\\.)*"(?= |$)/g, ' ')
    : extra;
  const fields = outside.trim().split(/ +/);
  const last = fields.at(-1)!;
  if (timeUnit !== undefined) {
    if (last === '-') return null;
    if (bareDuration.test(last)) return wholeMs(Number(last) * units[timeUnit]) ?? undefined;
  }
  for (const field of fields.toReversed()) {
    const [, number, unit] = namedDuration.exec(field) ?? withUnit.exec(field) ?? [];
    if (number === undefined) continue;
    // Apache's D is in microseconds. nginx writes seconds with a decimal point; the unit of a whole number is not known.
    const factor =
      unit !== undefined
        ? factors[unit]
        : /^"?D[=:]/.test(field)
          ? units.us
          : number.includes('.')
            ? units.s
            : timeUnit && units[timeUnit];
    if (factor !== undefined) return wholeMs(Number(number) * factor);
  }
  return timeUnit === undefined ? null : undefined;
}

const escapes: Record<string, string> = { b: '\b', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Undoes the escapes of Apache and nginx: quotes, backslashes, controls and bytes beyond ASCII, with a backslash. */
const unescape = (text: string): string =>
  text.includes('\\')
    ? text.replaceAll(/((?:\\x[\dA-Fa-f]{2})+)|\\(["\\bnrtv])/g, (_, bytes, character) =>
        bytes
          ? Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString()
          : (escapes[character] ?? character),
      )
    : text;

const quote = (text: string): string => `"${fitting(text, 60)}"`;
