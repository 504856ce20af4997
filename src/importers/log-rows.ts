/** Turns the bytes of a log into rows in COPY's text format. */
import { Transform } from 'node:stream';
import { RoundsmanError } from '../ground/errors.ts';
import { counted } from '../ground/text.ts';
import { chooseFormat, sampleLength, sampleLines } from './choose.ts';
import { knownMark } from './copy-rows.ts';
import { JoinedRows } from './joined-rows.ts';
import { Lines, maxLineBytes } from './lines.ts';
import { requireOwnKind } from './other-log.ts';
import { inOrder } from './reading/in-order.ts';
import type { LineReader, LogFormat, LogTable, Reading, Timed } from './reading/log-format.ts';
import type { Zone } from './reading/zone.ts';
import { emptyTally, type Tally } from './tally.ts';

/** No known format fits the first lines of the log, or none of them has a time. Nothing was imported. */
export class UnknownLogError extends RoundsmanError {}

export interface RowsOptions<Row extends Timed> {
  log: LogTable<Row>;
  /** The other kind of log: unless a format is given, a log of this kind is refused. */
  other?: LogTable<any>;
  /** null: the format is chosen by the first lines */
  format: LogFormat<Row> | null;
  reading: Reading;
  /** The time of a row without one: ms since 1970, or null for NULL. */
  untimedAt: number | null;
  /** Gets each part of the text before it is read; returns the offsets at which a text ends that was imported before. */
  onText?: (chunk: Buffer) => readonly number[];
}

interface UnreadLine {
  line: number;
  text: string;
}

/**
 * A stream from the bytes of a log to rows in COPY's text format, which it counts in `tally`. It gives the mark
 * {@link knownMark} when all rows before it were imported before. Fails with {@link UnknownLogError} and OtherLogError.
 */
export function rowsOf<Row extends Timed>(
  { log, other, format, reading: given, untimedAt, onText }: RowsOptions<Row>,
  tally: Tally,
): Transform {
  const zone: Zone = (wall) => {
    tally.zoneUsed = true;
    return given.zone(wall);
  };
  if (given.zone.second) zone.second = given.zone.second;
  const reading = { ...given, zone };
  const lines = new Lines();
  /** null until the format is known */
  let read: LineReader<Row> | null = null;
  let unread: UnreadLine[] = [];
  let unreadLength = 0;
  const rows = new JoinedRows(log, { untimedAt, takesUntimed: reading.untimed }, tally);
  /** how many lines so far are not empty */
  let nonEmptyLines = 0;
  /** whether the text that was imported before ends within a line, or before its line end */
  let isLineOpen = false;

  /** Drops the rows so far, because they were imported before. The reader keeps what it knows of zones, years and names. */
  function forget(): void {
    rows.drop();
    rows.lastKnown = tally.lines;
    isLineOpen = lines.isInLine;
    const { imported, cut, joined, malformed, oldest, newest, untimed } = emptyTally();
    Object.assign(tally, { imported, cut, joined, malformed, oldest, newest, untimed });
    tally.known = nonEmptyLines;
  }

  /**
   * Reads a part of `chunk`. If the imported text ended within a line, and the line ends here, it was imported before; if
   * the line goes on, it is a new line.
   */
  function readPart(part: Buffer, chunk: Buffer): void {
    if (part.length === 0) return;
    if (isLineOpen && (part[0] === 10 || part[0] === 13)) rows.lastKnown = tally.lines + 1;
    isLineOpen = false;
    readLines(lines.push(part, chunk));
  }

  function choose(): void {
    const sample = unread.map((each) => each.text);
    if (format === null && other) requireOwnKind(log, other, reading, sample);
    const chosen = format ?? chooseFormat(log, reading, sample);
    if (chosen === null) throw unknownLog(sample.length);
    const inOwnOrder = inOrder(reading);
    tally.years = inOwnOrder.years;
    read = chosen.reader(inOwnOrder, sample);
    tally.format = chosen.name;
    tally.zoneUsed = false;
    for (const { line, text: whole } of unread) rows.take(line, read(whole), whole);
    unread = [];
  }

  function readLines(found: readonly (string | null)[]): void {
    for (const whole of found) {
      tally.lines++;
      if (whole?.trim() === '') continue;
      nonEmptyLines++;
      if (tally.lines <= rows.lastKnown) tally.known = nonEmptyLines;
      if (whole === null)
        rows.take(tally.lines, { why: `it is longer than ${maxLineBytes / 1024} KiB` }, '');
      else if (read) rows.take(tally.lines, read(whole), whole);
      else {
        unread.push({ line: tally.lines, text: whole });
        unreadLength += whole.length;
        if (unread.length >= sampleLines || unreadLength >= sampleLength) choose();
      }
    }
  }

  const stream = new Transform({
    readableObjectMode: true,
    transform: (chunk: Buffer, _encoding, done) =>
      answer(() => {
        let start = 0;
        for (const end of onText?.(chunk) ?? []) {
          readPart(chunk.subarray(start, end), chunk);
          forget();
          stream.push(knownMark);
          start = end;
        }
        readPart(chunk.subarray(start), chunk);
        return Buffer.from(rows.takeText());
      }, done),
    flush: (done) =>
      answer(() => {
        readLines(lines.end());
        if (read === null && unread.length > 0) choose();
        rows.end(tally.lines, read?.end?.() ?? []);
        return Buffer.from(rows.takeText());
      }, done),
  });
  return stream;
}

const unknownLog = (lines: number): UnknownLogError =>
  new UnknownLogError({
    what: 'nothing was imported',
    why: `no time that is known stands in ${lines === 1 ? 'its only line' : `the first ${counted(lines, 'line')}`}`,
    hint: '--time now gives all lines the present time; --format says which format it is (docs/logs.md)',
  });

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
