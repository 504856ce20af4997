/** The columns of a list: what they are called, how their cells are shown, and which of them a person wants. */
import type { ListOptions } from '../arguments/show-options.ts';
import { printable } from '../../ground/text.ts';
import { time } from '../terminal/times.ts';
import { fieldsOf, requireKnown } from './document.ts';

export interface Column<Row> {
  /** the table's column, or what documentation calls it: used by `--columns` and `--sort`, and as the head for other programs */
  name: string;
  /** what stands above it for a person */
  head: string;
  /** the text of the cell, which may have colours; text from elsewhere has passed `printable`; null for an empty cell */
  cell: (row: Row) => string | null;
  /** the cell in tsv and csv, where the table's has words beside a value: a program wants that alone */
  cellForPrograms?: (row: Row) => string | null;
  /** only in tsv and csv, unless a person names it */
  onlyForPrograms?: true;
  /** the value to sort by; unless given, the row's field with the column's name */
  sortValue?: (row: Row) => unknown;
  /** a terminal shows it only where some row has a cell that is not empty */
  hiddenWhenEmpty?: true;
}

const fieldValue = (row: object, name: string): unknown =>
  (row as { [name: string]: unknown })[name];

/** A column for a field of the row that the list has no column for, as `--columns` may name it. */
const columnOfField = <Row>(name: string, fields: (row: Row) => object): Column<Row> => ({
  name,
  head: printable(name),
  cell: (row) => inCell(fieldValue(fields(row), name)),
});

function inCell(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return time(value);
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** A column may be named by its head, too: `Last used` as last-used or last_used. */
const isNamed = ({ name, head }: Column<never>, wanted: string): boolean =>
  name === wanted ||
  head
    .replace(/ \(.*\)$/, '')
    .replaceAll(' ', '_')
    .toLowerCase() === wanted.replaceAll('-', '_').toLowerCase();

/**
 * The names that a person asks for and that are no column of the list, each with its option. Where the list has rows, such a name is
 * accepted if a row has a field of this name, else refused. In data, a column is known by its name only, and not by its head.
 */
export function namesOfNoColumn<Row>(
  columns: readonly Column<Row>[],
  { json, columns: wanted = [], sort }: Pick<ListOptions, 'json' | 'columns' | 'sort'>,
  isData: boolean,
): { flag: string; name: string }[] {
  const fields = Array.isArray(json) ? json : [];
  return [
    ...fields.map((name) => ({ flag: '--json', name, byHead: false })),
    ...wanted.map((name) => ({ flag: '--columns', name, byHead: !isData })),
    ...(sort === undefined ? [] : [{ flag: '--sort', name: sort.replace(/^-/, ''), byHead: true }]),
  ].filter(
    ({ name, byHead }) =>
      !columns.some((column) =>
        byHead ? isNamed(column as Column<never>, name) : column.name === name,
      ),
  );
}

/** The columns that `--columns` names, in its order; null where it is not given. Throws UsageError. */
export function chosenColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  fields: (row: Row) => object,
  names: readonly string[] | undefined,
): Column<Row>[] | null {
  if (!names) return null;
  const otherFields = fieldsOf(rows.map(fields)).filter(
    (name) => !columns.some((column) => column.name === name),
  );
  return names.map((name) => {
    const found = columns.find((column) => isNamed(column as Column<never>, name));
    if (found) return found;
    // Without rows it is not known which other fields there are: the list says so, and accepts any name.
    if (rows.length > 0)
      requireKnown('--columns', [name], [...columns.map((each) => each.name), ...otherFields]);
    return columnOfField(name, fields);
  });
}

/**
 * Compares for ascending (`sign` 1) or descending order (-1): numbers and times by value, anything else as text, numbers in
 * it by their value. Empty values come last in both.
 */
function compare(a: unknown, b: unknown, sign: number): number {
  const [isNone, otherIsNone] = [a ?? null, b ?? null].map((value) => value === null);
  if (isNone || otherIsNone) return Number(isNone) - Number(otherIsNone);
  if (a instanceof Date && b instanceof Date) return sign * (a.getTime() - b.getTime());
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a).localeCompare(String(b), 'en', { numeric: true });
}

/** The rows, sorted by the column that `--sort` names: `name`, or `-name` for descending order. Throws UsageError. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  fields: (row: Row) => object,
  sort: string,
): Row[] {
  const name = sort.replace(/^-/, '');
  const found = columns.find((column) => isNamed(column as Column<never>, name));
  if (!found && rows.length > 0)
    requireKnown(
      '--sort',
      [name],
      [...new Set([...columns.map((each) => each.name), ...fieldsOf(rows.map(fields))])],
    );
  const valueOf = found?.sortValue ?? ((row: Row) => fieldValue(fields(row), found?.name ?? name));
  const sign = sort.startsWith('-') ? -1 : 1;
  return rows.toSorted((a, b) => compare(valueOf(a), valueOf(b), sign));
}
