/** One list of rows, in every form in which a person or a program may want it. */
import type { ListOptions } from '../arguments/show-options.ts';
import { afterwards, put, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { printable, withCommas } from '../../ground/text.ts';
import { nearest } from '../../ground/nearest.ts';
import { namesOfNoColumn, sorted, chosenColumns, type Column } from './columns.ts';
import { printDocument, isData } from './document.ts';
import { commaSeparated, tabSeparated } from './separated.ts';

export type { Column } from './columns.ts';

export interface List<Row> {
  /** with one row more than `limit` where there are more; all of them where {@link rowsToRead} says so */
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  options: ListOptions & { limit?: number };
  /** the sentence for no rows */
  empty: string;
  /** names of columns that a narrow terminal may leave out, the first to go first */
  dropWhenNarrow?: readonly string[];
  /** names of columns that no terminal cuts: their text can be read nowhere else */
  neverCut?: readonly string[];
  /** the row with the names of the tables' columns, for JSON; the row itself unless given */
  fields?: (row: Row) => object;
  /** how many there are in all, asked only where not all are shown; unless given, that is not known */
  count?: number | (() => Promise<number | null>);
  /** how to see the rest; `--limit shows more` unless given */
  more?: (last: Row) => string;
  /** lines above the table that say what it is of; no program needs them */
  heading?: readonly string[];
  /** lines for a person before and after the table; for other programs they stand on standard error */
  before?: readonly string[];
  after?: readonly string[];
  /** lines on standard error in any case, but not beside JSON, where they say how the columns are meant */
  notes?: readonly string[];
}

/** More than any list that can be sorted has. */
const allRows = 1_000_000;

/** How many rows a command has to read: to sort by a column, all of them, because the first may be anywhere. */
export const rowsToRead = ({ limit, sort }: { limit: number; sort?: string }): number =>
  sort === undefined ? limit + 1 : allRows;

/** The form in which rows are printed: unless one is asked for, a table on a terminal and lines with tabs elsewhere. */
export const formOf = ({ output }: ListOptions) =>
  output ?? (process.stdout.isTTY ? 'table' : 'tsv');

/** Whether the list is a table for a person, and not data for a program. */
export const isTable = (options: ListOptions): boolean =>
  !isData(options) && formOf(options) === 'table';

/**
 * Prints the rows as `options` ask for them. Throws UsageError for a column or a field that is not there; of a name that cannot
 * be tested without rows it says so.
 */
export async function list<Row extends object>(given: List<Row>): Promise<void> {
  const { options, columns, fields = (row) => row } = given;
  const { limit = allRows, sort } = options;
  const all = sort === undefined ? given.rows : sorted(given.rows, columns, fields, sort);
  const rows = all.slice(0, limit);
  const isForProgram = isData(options);
  // A wrong name is refused before anything is printed.
  if (isForProgram)
    printDocument(
      rows.map(fields),
      options,
      columns.map(({ name }) => name),
    );
  const wanted = isForProgram ? null : chosenColumns(columns, rows, fields, options.columns);
  if (all.length === 0) noteUncheckedNames(columns, options);
  if (all.length > limit) await noteMoreRows({ ...given, rows: all }, limit);
  if (isForProgram) return;
  const isForPerson = formOf(options) === 'table';
  const tell = isForPerson ? say : afterwards;
  if (isForPerson) for (const line of given.heading ?? []) say(line, '  ');
  for (const line of given.before ?? []) tell(line, '  ');
  if (isForPerson) printTable({ ...given, rows }, wanted);
  else {
    if (rows.length === 0) afterwards(given.empty);
    const shown = wanted ?? columns;
    const cells = rows.map((row) =>
      shown.map(({ cell, cellForPrograms = cell }) => cellForPrograms(row)),
    );
    const write = formOf(options) === 'csv' ? commaSeparated : tabSeparated;
    put(
      write(
        shown.map(({ name }) => name),
        cells,
      ),
      formOf(options) === 'csv' ? '\r\n' : '\n',
    );
  }
  const after = given.after ?? [];
  // After a table they are a paragraph of their own.
  if (isForPerson && after.length > 0) say();
  for (const line of after) tell(line, '  ');
  for (const line of given.notes ?? []) afterwards(line);
}

function printTable<Row>(
  { rows, columns, empty, dropWhenNarrow = [], neverCut = [] }: List<Row>,
  wanted: Column<Row>[] | null,
): void {
  const shown =
    wanted ??
    columns.filter(
      ({ onlyForPrograms, hiddenWhenEmpty, cell }) =>
        !onlyForPrograms && (!hiddenWhenEmpty || rows.some((row) => cell(row) !== null)),
    );
  const headOf = (name: string) => columns.find((column) => column.name === name)?.head ?? name;
  table(
    shown.map(({ head }) => head),
    rows.map((row) => shown.map(({ cell }) => cell(row) ?? '-')),
    empty,
    // A person who names the columns wants all of them.
    wanted ? [] : dropWhenNarrow.map(headOf),
    neverCut.map(headOf),
  );
}

/**
 * Notes names that cannot be checked without rows: a script with a mistyped name would otherwise fail only once there are rows.
 */
function noteUncheckedNames<Row>(columns: readonly Column<Row>[], options: ListOptions): void {
  for (const { flag, name } of namesOfNoColumn(columns, options, isData(options))) {
    const [meant] = nearest(
      name,
      columns.map((column) => column.name),
    );
    afterwards(
      `${flag} names ${JSON.stringify(printable(name))}, which is no column of this list; without rows it is not known whether rows have it${meant ? ` (did you mean ${meant}?)` : ''}`,
    );
  }
}

/** `only the first 20 of 5,016; --limit shows more` */
async function noteMoreRows<Row>({ rows, options, count, more }: List<Row>, limit: number) {
  const known =
    options.sort === undefined
      ? typeof count === 'function'
        ? await count()
        : count
      : rows.length;
  // Rows may have been removed between the two queries.
  const all = known && known > limit ? withCommas(known) : `more than ${withCommas(limit)}`;
  const how = more?.(rows[limit - 1]!) ?? '--limit shows more';
  afterwards(`only the first ${withCommas(limit)} of ${all}; ${how}`);
}

/** Prints rows as a part of a screen that shows other things, too, such as a table below a headline. */
export function printPart<Row extends object>(given: Omit<List<Row>, 'options' | 'count'>): void {
  printTable({ ...given, options: {} }, null);
}
