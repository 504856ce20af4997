/** From the bytes of a log to rows in COPY's text format. */
import { Transform } from 'node:stream';
import { copyText } from '../database/copy.ts';
import { RoundsmanError } from '../ground/errors.ts';
import { counted } from '../ground/text.ts';
import { chooseFormat, sampleLength, sampleLines } from './choose.ts';
import { known } from './copy-rows.ts';
import { HeldRows } from './held-rows.ts';
import { Lines, longestLine } from './lines.ts';
import { requireOwnKind } from './other-log.ts';
import { inOrder } from './reading/in-order.ts';
import type {
  LineReader,
  LogFormat,
  LogTable,
  ParsedLine,
  ParsedRow,
  Reading,
  Timed,
} from './reading/log-format.ts';
import type { Zone } from './reading/zone.ts';
import { countMalformed, countRow, emptyTally, type Tally } from './tally.ts';

/** No format that is known fits the first lines of a log, or none of them has a time. Nothing was imported. */
export class UnknownLogError extends RoundsmanError {}

/** A program writes the lines of one message at once. */
const longestMessageMs = 10_000;

export interface RowsOptions<Row extends Timed> {
  log: LogTable<Row>;
  /** The other kind of log: where no format is given, a log of it is refused. */
  other?: LogTable<any>;
  /** null: it is chosen by the first lines */
  format: LogFormat<Row> | null;
  reading: Reading;
  /** What a row without a time gets: ms since 1970, or null for NULL. */
  untimedAt: number | null;
  /** Sees each part of the text before it is read, and says where in it a text ends that was imported before. */
  onText?: (chunk: Buffer) => readonly number[];
}

interface Waiting {
  line: number;
  text: string;
}

/**
 * The bytes of a log -> COPY's text format, counted in `tally`, and {@link known} where all rows before it are known.
 * Fails with {@link UnknownLogError} and OtherLogError.
 */
export function rowsOf<Row extends Timed>(
  { log, other, format, reading: given, untimedAt, onText }: RowsOptions<Row>,
  tally: Tally,
): Transform {
  const zone: Zone = (wall) => {
    tally.zoneTaken = true;
    return given.zone(wall);
  };
  if (given.zone.second) zone.second = given.zone.second;
  const reading = { ...given, zone };
  const lines = new Lines();
  /** null until the format is known */
  let read: LineReader<Row> | null = null;
  let waiting: Waiting[] = [];
  let waitingLength = 0;
  /** Later lines may still be joined to them. */
  const held = new HeldRows<Row>();
  let text = '';
  /** The number of the last line that was imported before, and how many lines with a text there are so far. */
  let lastKnown = 0;
  let texts = 0;
  /** The text that was imported before ends within a line, or before its end. */
  let isLineOpen = false;

  /** Forgets what was read: it was imported before. Readers keep what they know of zones, years and names. */
  function forget(): void {
    held.release();
    text = '';
    lastKnown = tally.lines;
    isLineOpen = lines.isInLine;
    const { imported, cut, joined, malformed, oldest, newest, untimed } = emptyTally();
    Object.assign(tally, { imported, cut, joined, malformed, oldest, newest, untimed });
    tally.known = texts;
  }

  /** Reads a part of `chunk`. A line that was imported without its end is known; one that has gone on is new. */
  function readPart(part: Buffer, chunk: Buffer): void {
    if (part.length === 0) return;
    if (isLineOpen && (part[0] === 10 || part[0] === 13)) lastKnown = tally.lines + 1;
    isLineOpen = false;
    readLines(lines.push(part, chunk));
  }

  function refuse(line: number, why: string): void {
    release();
    countMalformed(tally, line, why);
  }

  const write = (row: Row): void => void (text += written(row, log.columns, untimedAt));
  const release = (): void => held.release().forEach(write);

  function take(line: number, parsed: ParsedLine<Row> | ParsedLine<Row>[], whole: string): void {
    if (Array.isArray(parsed)) takeAll(line, parsed, 1);
    else if (parsed === 'nothing') return;
    else if (parsed === 'part') tally.joined++;
    else if (parsed === 'more') join(line, whole);
    else if ('why' in parsed) refuse(line, parsed.why);
    else if (!('more' in parsed && isOfRowBefore(parsed))) add(line, parsed);
  }

  /** Takes what this line (`lines` is 1) and earlier ones are; those were counted as parts until now. */
  function takeAll(line: number, parsed: readonly ParsedLine<Row>[], lines: 0 | 1): void {
    tally.joined -= parsed.length - lines;
    for (const each of parsed) take(line, each, '');
  }

  /** Joins a line with a time to the row of its writer, where that is of the same time. */
  function isOfRowBefore({ row, more, writer }: ParsedRow<Row> & { more: string }): boolean {
    const before = held.rowOf(writer);
    if (before === undefined) return false;
    const apart = (row.created_at ?? 0) - (before.created_at ?? 0);
    if (Math.abs(apart) > longestMessageMs) return false;
    tally.joined++;
    if (!log.join(before, more)) tally.cut++;
    return true;
  }

  function add(line: number, parsed: ParsedRow<Row>): void {
    const { row, cut } = parsed;
    if (row.created_at === null && !reading.untimed) return refuse(line, noTime);
    const complete = held.hold(parsed);
    if (complete) write(complete);
    countRow(tally, row.created_at, cut ?? false);
  }

  function join(line: number, more: string): void {
    const row = held.rowOf();
    if (row === undefined) {
      const isOfKnown = lastKnown > 0 && tally.imported === 0;
      const its = isOfKnown
        ? 'the line that it belongs to was imported before'
        : 'belongs to no line before it';
      return refuse(line, `${noTime}, and ${its}`);
    }
    tally.joined++;
    if (!log.join(row, more)) tally.cut++;
  }

  function choose(): void {
    const sample = waiting.map((each) => each.text);
    if (format === null && other) requireOwnKind(log, other, reading, sample);
    const chosen = format ?? chooseFormat(log, reading, sample);
    if (chosen === null) throw unknown(sample.length);
    const inOwnOrder = inOrder(reading);
    tally.years = inOwnOrder.years;
    read = chosen.reader(inOwnOrder, sample);
    tally.format = chosen.name;
    tally.zoneTaken = false;
    for (const { line, text: whole } of waiting) takeNew(line, read(whole), whole);
    waiting = [];
  }

  function takeNew(line: number, parsed: ParsedLine<Row> | ParsedLine<Row>[], whole: string): void {
    if (line > lastKnown) take(line, parsed, whole);
  }

  function readLines(found: readonly (string | null)[]): void {
    for (const whole of found) {
      tally.lines++;
      if (whole?.trim() === '') continue;
      texts++;
      if (tally.lines <= lastKnown) tally.known = texts;
      if (whole === null)
        takeNew(tally.lines, { why: `it is longer than ${longestLine / 1024} KiB` }, '');
      else if (read) takeNew(tally.lines, read(whole), whole);
      else {
        waiting.push({ line: tally.lines, text: whole });
        waitingLength += whole.length;
        if (waiting.length >= sampleLines || waitingLength >= sampleLength) choose();
      }
    }
  }

  function flush(): Buffer {
    const bytes = Buffer.from(text);
    text = '';
    return bytes;
  }

  const stream = new Transform({
    readableObjectMode: true,
    transform: (chunk: Buffer, _encoding, done) =>
      answer(() => {
        let start = 0;
        for (const end of onText?.(chunk) ?? []) {
          readPart(chunk.subarray(start, end), chunk);
          forget();
          stream.push(known);
          start = end;
        }
        readPart(chunk.subarray(start), chunk);
        return flush();
      }, done),
    flush: (done) =>
      answer(() => {
        readLines(lines.end());
        if (read === null && waiting.length > 0) choose();
        takeAll(tally.lines, read?.end?.() ?? [], 0);
        release();
        return flush();
      }, done),
  });
  return stream;
}

const noTime = 'it has no time';

const unknown = (lines: number): UnknownLogError =>
  new UnknownLogError({
    what: 'nothing was imported',
    why: `no time that is known stands in ${lines === 1 ? 'its only line' : `the first ${counted(lines, 'line')}`}`,
    hint: '--time now gives all lines the present time; --format says which format it is (docs/logs.md)',
  });

function written<Row extends Timed>(
  row: Row,
  columns: readonly (keyof Row & string)[],
  untimedAt: number | null,
): string {
  let line = '';
  for (let at = 0; at < columns.length; at++) {
    const name = columns[at]!;
    if (at > 0) line += '\t';
    line += name === 'created_at' ? timestamp(row.created_at ?? untimedAt) : copyText(row[name]);
  }
  return `${line}\n`;
}

/** Calls `done` with an error instead of throwing: a stream that throws would end the process. */
function answer(work: () => Buffer, done: (error: Error | null, data?: Buffer) => void): void {
  let data: Buffer;
  try {
    data = work();
  } catch (error) {
    return done(error as Error);
  }
  done(null, data);
}

const timestamp = (at: number | null): string => (at === null ? '\\N' : new Date(at).toISOString());
