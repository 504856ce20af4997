import { jsonOf } from '../reading/fields.ts';
import type { LineReader, LogFormat, ParsedLine, Reading } from '../reading/log-format.ts';
import { noSuchTime } from '../reading/log-time.ts';
import { timeOf } from '../reading/time-shapes.ts';
import { errorLogRow, isIndented, maxMessageLength, type ErrorLogRow } from './error-log-row.ts';

/** The files in which Docker and container runtimes keep the output of a container. */
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

/** The part of a stream's output that one line contains. */
interface Output {
  stamp: string;
  stream: string;
  text: string;
  /** whether the text goes on in a later line */
  isOpen: boolean;
  /** whether the line itself says so; otherwise a missing line end says so */
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

/** Joins the parts of 16 KiB into which runtimes cut a text. Lines of the other stream may stand between the parts. */
function reader(reading: Reading): LineReader<ErrorLogRow> {
  const open = new Map<string, Output>();
  const read: LineReader<ErrorLogRow> = (line) => {
    const output = outputIn(line);
    if (output === null) return 'more';
    const begun = open.get(output.stream);
    if (begun === undefined && !output.isOpen) return row(output, reading);
    const isNext = begun !== undefined && goesOn(begun, output, reading);
    const whole = isNext ? joinOutputs(begun, output) : output;
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

/** A part with at least this many characters counts as full, so that the text may go on. */
const fullPartLength = 16_000;
/** The longest time between two parts of a text, because they are written at once. */
const maxPauseMs = 1_000;

/**
 * Whether `next` continues the text of `before`. If not, `before` is the last text of a program that ended without a line
 * end.
 */
function goesOn(before: Output, next: Output, reading: Reading): boolean {
  if (before.isPart || before.text.length >= fullPartLength) return true;
  const [first, second] = [timeOf(before.stamp, reading), timeOf(next.stamp, reading)];
  return typeof first !== 'number' || typeof second !== 'number' || second - first <= maxPauseMs;
}

function joinOutputs(before: Output, next: Output): Output {
  const isTooLong = before.cut || before.text.length + next.text.length > maxMessageLength;
  const text = isTooLong ? before.text : before.text + next.text;
  return { ...before, text, isOpen: next.isOpen, cut: isTooLong };
}

/** The row of a text. The runtime gives each line a time, also each line of a stack trace, so such a line may be joined. */
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
