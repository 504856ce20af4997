import type { LogFormat, ParsedLine } from '../reading/log-format.ts';
import { instant, noSuchTime } from '../reading/log-time.ts';
import { utc } from '../reading/zone.ts';
import {
  apiLogRow,
  ipOf,
  isMethod,
  pathOf,
  statusOf,
  wholeMs,
  type ApiLogRow,
} from './api-log-row.ts';

/** The access log of AWS' load balancers: the application one and, without the type in front, the classic one. */
export const alb: LogFormat<ApiLogRow> = {
  name: 'alb',
  writtenBy: 'AWS Application Load Balancer, Classic Load Balancer',
  example: [
    '2026-03-10T12:00:00.123456Z web 192.0.2.1:2817 10.0.0.1:80 0.000073 0.011 0.000057 200 200 0 29 "GET http://example.com:80/a HTTP/1.1" "An agent/1.0" - -',
    'http 2026-03-10T12:00:00.123456Z app/web/50dc 192.0.2.1:2817 - -1 -1 -1 400 - 0 0 "- http://example.com:80- -" "-" - -',
    'https 2026-03-10T12:00:00.123456Z app/web/50dc 192.0.2.1:2817 10.0.0.1:80 0.001 0.010 0.001 200 200 0 57 "GET https://example.com:443/a?b=c HTTP/1.1" "An agent/1.0" - -',
  ],
  zone: 'named',
  reader: () => parse,
};

const head =
  /^(?:[a-z0-9]{2,6} )?((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z) (\S+) (\S+) (\S+) (-1|\d[\d.]*) (-1|\d[\d.]*) (-1|\d[\d.]*) (-|\d{3}) (?:-|\d{3}) \S+ \S+ "(\S*) (.*?)(?: HTTP\/[\d.]+| -)? ?"(?= |$)/s;

function parse(line: string): ParsedLine<ApiLogRow> {
  const found = head.exec(line);
  if (!found)
    return {
      why: 'it does not begin with a time, balancer, client, target, three durations and two statuses',
    };
  const [, stamp, year, month, day, hour, minute, second, digits, , client, , ...rest] = found;
  const at = instant(utc, year, month, day, hour, minute, second, digits);
  if (at === null) return noSuchTime(stamp!);
  const [requestTime, targetTime, responseTime, status, method, url] = rest;
  // A duration of -1 means that the balancer could not send the request to a target, or got no answer.
  const spans = [requestTime, targetTime, responseTime].map(Number);
  const ms = spans.every((span) => span >= 0)
    ? wholeMs(spans.reduce((sum, span) => sum + span) * 1000)
    : null;
  const hasRequest = isMethod(method!);
  return apiLogRow({
    path: hasRequest ? pathOf(url!) : '-',
    method: hasRequest ? method! : '-',
    status: statusOf(status!) ?? 0,
    ms,
    ip: ipOf(client!),
    at,
  });
}
