import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { instant, instantWithoutYear, noSuchTime } from '../reading/log-time.ts';
import { errorLogRow, type ErrorLogRow } from './error-log-row.ts';

/** The log of Go's klog and of C++'s glog. */
export const klog: LogFormat<ErrorLogRow> = {
  name: 'klog',
  writtenBy: 'Kubernetes and other programs with klog or glog',
  example: [
    'I20260310 12:00:00.123456    77 server.cc:41] listening',
    'E0310 12:00:00.123456    1234 reflector.go:147] Failed to watch *v1.Pod: connection refused',
  ],
  zone: 'not named',
  reader: (reading) => (line) => parse(line, reading),
};

const levels: Record<string, string> = {
  D: 'debug',
  I: 'info',
  W: 'warning',
  E: 'error',
  F: 'fatal',
};
const head =
  /^([DIWEF])(\d{4})?(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? +(\d+) ([^\s\]]+:\d+)\] ?(.*)$/s;

function parse(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  const found = head.exec(line);
  if (!found) return 'more';
  const [, letter, year, month, day, hour, minute, second, digits, pid, source, message] = found;
  const wall = [month, day, hour, minute, second, digits] as const;
  const at =
    year === undefined
      ? instantWithoutYear(reading, reading.zone, ...wall)
      : instant(reading.zone, year, ...wall);
  if (at === null) return noSuchTime(line.slice(1, 24));
  return errorLogRow(`klog.${levels[letter!]}`, message!, at, { pid, source });
}
