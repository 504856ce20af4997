import { Transform } from 'node:stream';
import { copyText } from '../database/copy.ts';
import { Lines, longestLine } from './log-file.ts';

/** `cut`: a text was longer than its column. */
export type ParsedLine<Row> = { row: Row; cut?: boolean } | { why: string };

export interface Timed {
  /** ms since 1970; null when the line names no time */
  created_at: number | null;
}

export interface LogFormat<Row extends Timed> {
  table: 'api_logs' | 'error_logs';
  columns: readonly (keyof Row & string)[];
  /** `now`: the database's time in ms since 1970. */
  parser(now: number): (line: string) => ParsedLine<Row>;
  /** What to try when no line could be read. */
  hint: string;
}

/** What {@link rowsOf} has counted so far. */
export interface Tally {
  lines: number;
  imported: number;
  cut: number;
  /** All are counted, the first ten are listed; line numbers begin at 1. */
  malformed: { count: number; lines: { line: number; why: string }[] };
  /** Of the rows that have a time, in ms since 1970. */
  oldest: number | null;
  newest: number | null;
  /** Rows without a time. */
  untimed: number;
}

export const emptyTally = (): Tally => ({
  lines: 0,
  imported: 0,
  cut: 0,
  malformed: { count: 0, lines: [] },
  oldest: null,
  newest: null,
  untimed: 0,
});

const listed = 10;

/** The bytes of a log -> COPY's text format, counted in `tally`. `untimed`: ms, or null for NULL. */
export function rowsOf<Row extends Timed>(
  { columns, parser }: LogFormat<Row>,
  { now, untimed }: { now: number; untimed: number | null },
  tally: Tally,
): Transform {
  const parse = parser(now);
  const lines = new Lines();

  function refused(why: string): string {
    if (++tally.malformed.count <= listed) tally.malformed.lines.push({ line: tally.lines, why });
    return '';
  }

  function rowOf(line: string | null): string {
    tally.lines++;
    if (line === null) return refused(`it is longer than ${longestLine / 1024} KiB`);
    const text = tally.lines === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() === '') return '';
    const parsed = parse(text);
    if ('why' in parsed) return refused(parsed.why);
    const { row, cut } = parsed;
    count(tally, row.created_at, cut ?? false);
    const values = columns.map((name) =>
      name === 'created_at' ? timestamp(row.created_at ?? untimed) : copyText(row[name]),
    );
    return `${values.join('\t')}\n`;
  }

  const copied = (found: Iterable<string | null>): Buffer => {
    let text = '';
    for (const line of found) text += rowOf(line);
    return Buffer.from(text);
  };
  return new Transform({
    transform: (chunk, _encoding, done) => answer(() => copied(lines.push(chunk)), done),
    flush: (done) => answer(() => copied(lines.end()), done),
  });
}

function count(tally: Tally, at: number | null, cut: boolean): void {
  tally.imported++;
  if (cut) tally.cut++;
  if (at === null) tally.untimed++;
  else {
    tally.oldest = Math.min(at, tally.oldest ?? at);
    tally.newest = Math.max(at, tally.newest ?? at);
  }
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
