/** What a command shows, as data for another program: JSON, JSON lines or YAML. */
import { createRequire } from 'node:module';
import type { ShowOptions } from '../arguments/show-options.ts';
import { UsageError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { escapeHiddenInYaml, isHidden } from '../../ground/documents/hidden-characters.ts';
import { printable } from '../../ground/text.ts';
import { quoteTexts } from '../../ground/documents/yaml-quotes.ts';
import { FailedRow } from '../terminal/do-each.ts';
import { put } from '../terminal/print.ts';
import { asJson } from '../terminal/json.ts';

type Format = 'json' | 'jsonl' | 'yaml';

/** The form in which data was asked for; null for a text or a table. */
export function formatOf({ json, output }: ShowOptions): Format | null {
  if (json) return 'json';
  return output === 'json' || output === 'jsonl' || output === 'yaml' ? output : null;
}

export const isData = (options: ShowOptions): boolean => formatOf(options) !== null;

type Fields = { [name: string]: unknown };

/** What an error about an unknown name says besides: in which form it was looked for, and that only another form has it. */
interface NameScope {
  /** `in yaml ` */
  where?: string;
  /** names of columns that only tables have */
  ofTables?: readonly string[];
}

/** Names that are no field are refused with the nearest; `known` are those that exist. */
export function requireKnown(
  flag: string,
  wanted: readonly string[],
  known: readonly string[],
  { where = '', ofTables = [] }: NameScope = {},
) {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined || known.length === 0) return;
  const others = ofTables.includes(unknown) ? `; only table, tsv and csv have ${unknown}` : '';
  throw new UsageError({
    what: `${flag} names ${JSON.stringify(printable(unknown))}, which is not there`,
    why: `${where}there are ${known.map(printable).join(', ')}${others}`,
    hint: didYouMean(unknown, known, `for example ${flag} ${printable(known[0]!)}`),
  });
}

const pick = (row: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

/** The names of all fields that a row has. */
export const fieldsOf = (rows: readonly object[]): string[] => [
  ...new Set(rows.flatMap((row) => Object.keys(row))),
];

/** Only the fields that were asked for, of a document or of each of its rows; a row that failed stays. Throws UsageError. */
function onlyFields(
  value: unknown,
  wanted: readonly string[] | null,
  flag: string,
  form: NameScope,
): unknown {
  if (wanted === null || value === null || typeof value !== 'object') return value;
  const rows = (Array.isArray(value) ? value : [value]) as Fields[];
  const isRow = (row: object) => !(row instanceof FailedRow);
  requireKnown(flag, wanted, fieldsOf(rows.filter(isRow)), form);
  return Array.isArray(value)
    ? rows.map((row) => (isRow(row) ? pick(row, wanted) : row))
    : pick(value as Fields, wanted);
}

/**
 * Prints rows, or one thing, as {@link formatOf} says. Keys are the tables' column names, and times are ISO 8601 in UTC.
 * Throws UsageError for a field that is not there.
 */
export function printDocument(
  value: unknown,
  options: ShowOptions & { columns?: string[] },
  ofTables: readonly string[] = [],
): void {
  const { json, columns } = options;
  const form = { where: `in ${formatOf(options) ?? 'json'} `, ofTables };
  const shown = Array.isArray(json)
    ? onlyFields(value, json, '--json', form)
    : onlyFields(value, columns ?? null, '--columns', form);
  switch (formatOf(options) ?? 'json') {
    case 'json':
      return put(asJson(shown));
    case 'jsonl': {
      const rows = Array.isArray(shown) ? shown : [shown];
      if (rows.length > 0) put(rows.map((row) => asJson(row, 0)).join('\n'));
      return;
    }
    case 'yaml':
      return put(asYaml(shown));
  }
}

const requireModule = createRequire(import.meta.url);

/**
 * The value as YAML, with the same data as JSON has. Texts that YAML 1.1 would read as something else (`no`, `1:30`) are in quotes, and so are
 * characters that a terminal would obey, as escapes.
 */
function asYaml(value: unknown): string {
  const yaml = requireModule('yaml') as typeof import('yaml');
  const plain = JSON.parse(JSON.stringify(value)) as unknown;
  const document = new yaml.Document(plain, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  quoteTexts(document, isHidden);
  // Removes only the last line break: the others may belong to a text.
  return escapeHiddenInYaml(document.toString({ lineWidth: 0 })).replace(/\n$/, '');
}
