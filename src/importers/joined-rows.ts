/** Makes rows of the lines of a log, of one line or of several each, and writes them in COPY's text format. */
import { copyText } from '../database/copy.ts';
import { OpenRows } from './open-rows.ts';
import type { LogTable, ParsedLine, ParsedRow, Timed } from './reading/log-format.ts';
import { countMalformed, countRow, type Tally } from './tally.ts';

/** The longest time between two lines of one message: a program writes these lines at once. */
const maxMessageMs = 10_000;

const noTime = 'it has no time';

/** Takes what was read in each line, joins lines that belong together, and counts them in `tally`. */
export class JoinedRows<Row extends Timed> {
  /** the number of the last line that was imported before */
  lastKnown = 0;
  /** rows to which later lines may still be joined */
  readonly #open = new OpenRows<Row>();
  readonly #log: LogTable<Row>;
  readonly #untimedAt: number | null;
  readonly #takesUntimed: boolean;
  readonly #tally: Tally;
  #text = '';

  /** `untimedAt` is the time of a row without one: ms since 1970, or null for NULL. */
  constructor(
    log: LogTable<Row>,
    { untimedAt, takesUntimed }: { untimedAt: number | null; takesUntimed: boolean },
    tally: Tally,
  ) {
    this.#log = log;
    this.#untimedAt = untimedAt;
    this.#takesUntimed = takesUntimed;
    this.#tally = tally;
  }

  /** Takes a line, unless it was imported before. `whole` is its text. */
  take(line: number, parsed: ParsedLine<Row> | ParsedLine<Row>[], whole: string): void {
    if (line > this.lastKnown) this.#take(line, parsed, whole);
  }

  /** Takes what the reader still has after the last line, and completes all rows. */
  end(line: number, parsed: readonly ParsedLine<Row>[]): void {
    this.#takeAll(line, parsed, 0);
    this.#release();
  }

  /** Drops the rows so far. */
  drop(): void {
    this.#open.takeAll();
    this.#text = '';
  }

  /** The rows that are complete and were not given yet. */
  takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #take(line: number, parsed: ParsedLine<Row> | ParsedLine<Row>[], whole: string): void {
    if (Array.isArray(parsed)) this.#takeAll(line, parsed, 1);
    else if (parsed === 'nothing') return;
    else if (parsed === 'part') this.#tally.joined++;
    else if (parsed === 'more') this.#join(line, whole);
    else if ('why' in parsed) this.#refuse(line, parsed.why);
    else if (!('more' in parsed && this.#joinToRowBefore(parsed))) this.#add(line, parsed);
  }

  /**
   * Takes rows that several lines make: earlier ones, which were counted as parts until now, and this line if `lines` is 1.
   */
  #takeAll(line: number, parsed: readonly ParsedLine<Row>[], lines: 0 | 1): void {
    this.#tally.joined -= parsed.length - lines;
    for (const each of parsed) this.#take(line, each, '');
  }

  /**
   * Joins a line with a time to the last row of its writer if their times are close. Returns whether it did.
   */
  #joinToRowBefore({ row, more, writer }: ParsedRow<Row> & { more: string }): boolean {
    const before = this.#open.rowOf(writer);
    if (before === undefined) return false;
    const apart = (row.created_at ?? 0) - (before.created_at ?? 0);
    if (Math.abs(apart) > maxMessageMs) return false;
    this.#append(before, more);
    return true;
  }

  #add(line: number, parsed: ParsedRow<Row>): void {
    const { row, cut } = parsed;
    if (row.created_at === null && !this.#takesUntimed) return this.#refuse(line, noTime);
    const complete = this.#open.add(parsed);
    if (complete) this.#write(complete);
    countRow(this.#tally, row.created_at, cut ?? false);
  }

  #join(line: number, more: string): void {
    const row = this.#open.rowOf();
    if (row) return this.#append(row, more);
    const isOfKnown = this.lastKnown > 0 && this.#tally.imported === 0;
    const its = isOfKnown
      ? 'the line that it belongs to was imported before'
      : 'belongs to no line before it';
    this.#refuse(line, `${noTime}, and ${its}`);
  }

  #append(row: Row, more: string): void {
    this.#tally.joined++;
    if (!this.#log.join(row, more)) this.#tally.cut++;
  }

  #refuse(line: number, why: string): void {
    this.#release();
    countMalformed(this.#tally, line, why);
  }

  #release(): void {
    for (const row of this.#open.takeAll()) this.#write(row);
  }

  #write(row: Row): void {
    this.#text += copyLine(row, this.#log.columns, this.#untimedAt);
  }
}

function copyLine<Row extends Timed>(
  row: Row,
  columns: readonly (keyof Row & string)[],
  untimedAt: number | null,
): string {
  let line = '';
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index]!;
    if (index > 0) line += '\t';
    line += name === 'created_at' ? timestamp(row.created_at ?? untimedAt) : copyText(row[name]);
  }
  return `${line}\n`;
}

const timestamp = (at: number | null): string => (at === null ? '\\N' : new Date(at).toISOString());
