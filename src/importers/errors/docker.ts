import { jsonOf } from '../reading/fields.ts';
import type { LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { noSuchTime } from '../reading/log-time.ts';
import { timeOf } from '../reading/time-shapes.ts';
import { errorLogRow, isIndented, type ErrorLogRow } from './error-log-row.ts';

/** What Docker and container runtimes keep of a container's output. */
export const docker: LogFormat<ErrorLogRow> = {
  name: 'docker',
  writtenBy: 'Docker (json-file), containerd and CRI-O (`/var/log/containers`)',
  example: [
    '2026-03-10T12:00:00.123456789Z stderr F cannot connect',
    '{"log":"cannot connect\\n","stream":"stderr","time":"2026-03-10T12:00:00.123456789Z"}',
  ],
  zone: 'named',
  reader: (reading) => (line) => parse(line, reading),
};

const cri = /^(\d{4}-\d\d-\d\dT\S{8,40}) (stdout|stderr) [FP] (.*)$/s;

function parse(line: string, reading: Reading): ParsedLine<ErrorLogRow> {
  const [, stamp, output, written] = cri.exec(line) ?? [];
  if (stamp !== undefined) return row(stamp, output!, written!, reading);
  const { log, stream, time } = jsonOf(line) ?? {};
  if (typeof log !== 'string' || typeof stream !== 'string' || typeof time !== 'string')
    return 'more';
  return row(time, stream, log.replace(/\r?\n$/, ''), reading);
}

/** The runtime gives each line a time, also the lines of a stack trace. */
function row(
  stamp: string,
  stream: string,
  text: string,
  reading: Reading,
): ParsedLine<ErrorLogRow> {
  if (isIndented(text)) return { more: text };
  const at = timeOf(stamp, reading);
  return typeof at === 'number'
    ? errorLogRow(`docker.${stream}`, text, at)
    : noSuchTime(stamp.slice(0, 40));
}
