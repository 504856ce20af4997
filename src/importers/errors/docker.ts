import { jsonOf } from '../reading/fields.ts';
import type { LineReader, LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { noSuchTime } from '../reading/log-time.ts';
import { timeOf } from '../reading/time-shapes.ts';
import { errorLogRow, isIndented, longestMessage, type ErrorLogRow } from './error-log-row.ts';

/** What Docker and container runtimes keep of a container's output. */
export const docker: LogFormat<ErrorLogRow> = {
  name: 'docker',
  writtenBy: 'Docker (json-file), containerd, CRI-O and Podman (`/var/log/containers`, k8s-file)',
  example: [
    '2026-03-10T12:00:00.123456789Z stderr F cannot connect',
    '{"log":"cannot connect\\n","stream":"stderr","time":"2026-03-10T12:00:00.123456789Z"}',
  ],
  zone: 'named',
  reader,
};

/** What one line holds of a stream's output; a later line goes on where it is open. */
interface Output {
  stamp: string;
  stream: string;
  text: string;
  isOpen: boolean;
  /** whether its line says that it is open, and not only the lack of an end */
  isPart: boolean;
  cut?: boolean;
}

const cri = /^(\d{4}-\d\d-\d\dT\S{8,40}) (stdout|stderr) ([FP])(?::\S*)?(?: (.*))?$/s;

function outputIn(line: string): Output | null {
  const [, stamp, output, flag, written] = cri.exec(line) ?? [];
  if (stamp !== undefined)
    return { stamp, stream: output!, text: written ?? '', isOpen: flag === 'P', isPart: true };
  const { log, stream, time } = jsonOf(line) ?? {};
  if (typeof log !== 'string' || typeof stream !== 'string' || typeof time !== 'string')
    return null;
  return {
    stamp: time,
    stream,
    text: log.replace(/\r?\n$/, ''),
    isOpen: !log.endsWith('\n'),
    isPart: false,
  };
}

/** Runtimes cut what they keep into parts of 16 KiB: each stream is one text, whichever lines stand between. */
function reader(reading: Reading): LineReader<ErrorLogRow> {
  const open = new Map<string, Output>();
  const read: LineReader<ErrorLogRow> = (line) => {
    const output = outputIn(line);
    if (output === null) return 'more';
    const begun = open.get(output.stream);
    if (begun === undefined && !output.isOpen) return row(output, reading);
    const isNext = begun !== undefined && goesOn(begun, output, reading);
    const whole = isNext ? joined(begun, output) : output;
    if (whole.isOpen) open.set(output.stream, whole);
    else open.delete(output.stream);
    const rows = [
      ...(begun === undefined || isNext ? [] : [row(begun, reading)]),
      ...(whole.isOpen ? (['part'] as const) : [row(whole, reading)]),
    ];
    return rows.length === 1 ? rows[0]! : rows;
  };
  read.end = () => [...open.values()].map((output) => row(output, reading));
  return read;
}

/** A part that is nearly full. */
const fullPart = 16_000;
/** The parts of a message are written at once. */
const longestPauseMs = 1_000;

/** Whether it is the next part; else the one before is the last that a program wrote, without an end, before it ended. */
function goesOn(before: Output, next: Output, reading: Reading): boolean {
  if (before.isPart || before.text.length >= fullPart) return true;
  const [first, second] = [timeOf(before.stamp, reading), timeOf(next.stamp, reading)];
  return (
    typeof first !== 'number' || typeof second !== 'number' || second - first <= longestPauseMs
  );
}

function joined(before: Output, next: Output): Output {
  const isTooLong = before.cut || before.text.length + next.text.length > longestMessage;
  const text = isTooLong ? before.text : before.text + next.text;
  return { ...before, text, isOpen: next.isOpen, cut: isTooLong };
}

/** The runtime gives each line a time, also the lines of a stack trace. */
function row(
  { stamp, stream, text, cut = false }: Output,
  reading: Reading,
): ParsedLine<ErrorLogRow> {
  const at = timeOf(stamp, reading);
  if (typeof at !== 'number') return noSuchTime(stamp.slice(0, 40));
  const found = errorLogRow(`docker.${stream}`, text, at);
  found.writer = stream;
  if (cut) found.cut = true;
  return isIndented(text) ? { ...found, more: text } : found;
}
