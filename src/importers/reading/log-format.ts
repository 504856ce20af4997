/** The parts of a format of logs. Each format is one file, and one name in the formats.ts of its folder. */
import type { Years } from './years.ts';
import type { Zone } from './zone.ts';

export interface Timed {
  /** ms since 1970; null when the line names no time */
  created_at: number | null;
}

/**
 * A line that is not a row of its own. more: it belongs to the row before it. nothing: it is a comment. part: a later line
 * completes it.
 */
export type NoRow = 'more' | 'nothing' | 'part';

export interface ParsedRow<Row> {
  row: Row;
  /** whether a text was longer than its column */
  cut?: boolean;
  /** the program that wrote the line, in logs into which several programs write at once */
  writer?: string;
}

/**
 * The result of a line. A row with `more` may belong to an earlier one: if the last row of the same writer has nearly the
 * same time, the text `more` is appended to it; otherwise the line is a row itself. `why`: the line cannot be read, and
 * the next lines are not joined to it.
 */
export type ParsedLine<Row> =
  | ParsedRow<Row>
  | (ParsedRow<Row> & { more: string })
  | { why: string }
  | NoRow;

/** Factors to ms from the unit of a duration. */
export const units = { us: 0.001, ms: 1, s: 1000 };
export type TimeUnit = keyof typeof units;

/** What a reader needs besides the lines. */
export interface Reading {
  /** The database's time in ms since 1970: dates without a year are at most a day after it. */
  now: number;
  /** Finds the year of dates that name none, by the lines before; left out, each line is read by itself. */
  years?: Years;
  /** The zone of times that name none. */
  zone: Zone;
  /** False when that zone is only assumed. */
  isZoneGiven: boolean;
  /** The unit of response times that name none; undefined: such times are not read. */
  timeUnit?: TimeUnit | undefined;
  /** Lines without a time become rows of the present time. */
  untimed: boolean;
}

export interface LineReader<Row> {
  /** Reads a line. There are several results when this line completes an earlier one. */
  (line: string): ParsedLine<Row> | ParsedLine<Row>[];
  /** The results that are left when the log has ended: lines that no later line has completed. */
  end?: () => ParsedLine<Row>[];
}

export interface LogFormat<Row extends Timed> {
  /** The name for `--format`. */
  name: string;
  /** The programs that write it, for people. */
  writtenBy: string;
  /** Lines as such a program writes them; tests read them, and docs/logs.md shows the last one. */
  example: readonly string[];
  /** Whether its lines name the zone of their times. */
  zone: 'named' | 'not named' | 'sometimes named';
  /** The reader of one file, which may remember what it has read; it never throws. `sample`: the first lines. */
  reader(reading: Reading, sample: readonly string[]): LineReader<Row>;
}

/** A table that logs are imported into, and how its logs are written. */
export interface LogTable<Row extends Timed> {
  table: 'api_logs' | 'error_logs';
  columns: readonly (keyof Row & string)[];
  /** The first format that reads the lines is chosen, so special formats stand before general ones. */
  formats: readonly LogFormat<Row>[];
  /** What each line is, for people. */
  kind: 'requests' | 'messages';
  /** The command that imports it, without `npx roundsman`. */
  command: string;
  /** Chooses the format when none reads any of the first lines; null: such a log is refused. */
  otherwise: ((sample: readonly string[]) => LogFormat<Row>) | null;
  /** Appends a line to the row before it; returns false when the row has reached its limit, and the line was left out. */
  join(row: Row, line: string): boolean;
  /** What to try when no line could be read. */
  hint: string;
}
