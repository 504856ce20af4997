/** What a format of a log has to bring along: one file a format, one line in ../formats.ts. */
import type { Years } from './years.ts';
import type { Zone } from './zone.ts';

export interface Timed {
  /** ms since 1970; null when the line names no time */
  created_at: number | null;
}

/**
 * What a line is that is no row of its own: `more` belongs to the row before it, `nothing` is a comment, `part` is
 * completed by a later line.
 */
export type NoRow = 'more' | 'nothing' | 'part';

/** A row. `cut`: a text was longer than its column. `writer`: who wrote it, where several write between each other. */
export interface ParsedRow<Row> {
  row: Row;
  cut?: boolean;
  writer?: string;
}

/**
 * What a line is. With `more`, this text of it belongs to the row of the same writer before it; where that is long ago,
 * or there is none, it is a row itself. `why`: the line cannot be read, and the next ones are not joined to it.
 */
export type ParsedLine<Row> =
  | ParsedRow<Row>
  | (ParsedRow<Row> & { more: string })
  | { why: string }
  | NoRow;

/** Factors to ms from the unit of a duration. */
export const units = { us: 0.001, ms: 1, s: 1000 };
export type TimeUnit = keyof typeof units;

/** What a reader goes by beside its lines. */
export interface Reading {
  /** The database's time in ms since 1970: dates without a year are at most a day after it. */
  now: number;
  /** Which year dates that name none are of; left out, each line is judged by itself. */
  years?: Years;
  /** Of times that name no zone. */
  zone: Zone;
  /** False where that zone is only assumed. */
  isZoneGiven: boolean;
  /** Of response times that name no unit; undefined where they are not to be read. */
  timeUnit?: TimeUnit | undefined;
  /** Lines that no time can be found for become rows of the present time. */
  untimed: boolean;
}

export interface LineReader<Row> {
  /** Several, where a line shows that an earlier one is complete. */
  (line: string): ParsedLine<Row> | ParsedLine<Row>[];
  /** What is still to come of the lines that were read, when the log has ended. */
  end?: () => ParsedLine<Row>[];
}

export interface LogFormat<Row extends Timed> {
  /** What `--format` takes. */
  name: string;
  /** Which programs write it, for people. */
  writtenBy: string;
  /** Lines as such a program writes them; tests read them, and docs/logs.md shows the last one. */
  example: readonly string[];
  /** Whether its lines say which zone their times are of. */
  zone: 'named' | 'not named' | 'sometimes named';
  /** The reader of one file, which may remember what it has read; it never throws. `sample`: the first lines. */
  reader(reading: Reading, sample: readonly string[]): LineReader<Row>;
}

/** A table that logs are imported into, and how its logs are written. */
export interface LogTable<Row extends Timed> {
  table: 'api_logs' | 'error_logs';
  columns: readonly (keyof Row & string)[];
  /** The first one that reads the lines is taken, so what is special stands before what is general. */
  formats: readonly LogFormat<Row>[];
  /** What its lines are, for people. */
  kind: 'requests' | 'messages';
  /** What imports it, behind `npx roundsman`. */
  command: string;
  /** What is tried where no format reads any of the first lines; null: such a log is refused. */
  otherwise: ((sample: readonly string[]) => LogFormat<Row>) | null;
  /** Appends a line to the row before it; false where the row is as long as it may be. */
  join(row: Row, line: string): boolean;
  /** What to try when no line could be read. */
  hint: string;
}
