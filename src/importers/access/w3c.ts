import type { LineReader, LogFormat, ParsedLine } from '../reading/log-format.ts';
import { instant, noSuchTime } from '../reading/log-time.ts';
import { utc } from '../reading/zone.ts';
import { apiLogRow, ipOf, isMethod, statusOf, wholeMs, type ApiLogRow } from './api-log-row.ts';

/** The fields of CloudFront. They are used without a line of names, because a file that was split may have none. */
const cloudFrontFields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken'.split(
    ' ',
  );

/** The extended format of the W3C, whose lines beginning with # name the fields; its times are in UTC. */
export const w3c: LogFormat<ApiLogRow> = {
  name: 'w3c',
  writtenBy: 'AWS CloudFront, IIS',
  example: [
    '#Version: 1.0',
    '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken',
    '2026-03-10\t12:00:00\tFRA2-C1\t512\t192.0.2.1\tGET\td1.cloudfront.net\t/a\t200\t-\tAn%20agent/1.0\tb=c\t-\tHit\tx==\texample.com\thttps\t23\t0.012',
  ],
  zone: 'named',
  reader,
};

function reader(): LineReader<ApiLogRow> {
  let names: readonly string[] = cloudFrontFields;
  let isNamed = false;
  return (line) => {
    if (line.startsWith('#')) {
      const [, given] = /^#Fields:\s*(.*)$/i.exec(line) ?? [];
      if (given === undefined) return 'nothing';
      names = given.trim().split(/\s+/);
      isNamed = true;
      return 'nothing';
    }
    const values = line.includes('\t') ? line.split('\t') : line.split(' ');
    if (!isNamed && !line.includes('\t')) return { why: 'no line before it names the fields' };
    return parse(values, names);
  };
}

function parse(values: readonly string[], names: readonly string[]): ParsedLine<ApiLogRow> {
  const value = (name: string): string | undefined => {
    const text = values[names.indexOf(name)];
    return text === '-' ? undefined : text;
  };
  const [date, time] = [value('date'), value('time')];
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date ?? '') ?? [];
  const [, hour, minute, second, digits] =
    /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/.exec(time ?? '') ?? [];
  if (year === undefined || hour === undefined) return { why: 'its fields hold no date and time' };
  const at = instant(utc, year, month, day, hour, minute, second, digits);
  if (at === null) return noSuchTime(`${date} ${time}`);
  if (!names.includes('sc-status')) return { why: 'its fields name no status' };
  const status = statusOf(value('sc-status')?.padStart(3, '0') ?? '-');
  const stem = value('cs-uri-stem') ?? value('cs-uri');
  if (status === null || stem === undefined) return { why: 'its fields hold no path and status' };
  const [query, method, taken] = [value('cs-uri-query'), value('cs-method'), value('time-taken')];
  // CloudFront writes seconds with a decimal point, IIS whole ms.
  const span = taken === undefined ? NaN : Number(taken) * (taken.includes('.') ? 1000 : 1);
  return apiLogRow({
    path: query === undefined ? stem : `${stem}?${query}`,
    method: method !== undefined && isMethod(method) ? method : '-',
    status,
    ms: wholeMs(span),
    ip: ipOf(value('c-ip') ?? ''),
    at,
  });
}
