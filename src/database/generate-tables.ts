/**
 * `npm run types`: writes tables.ts from a migrated database, so that the compiler's types are PostgreSQL's.
 * (kysely-codegen needs a compiler API that TypeScript 7 no longer has.)
 */
import { writeFile } from 'node:fs/promises';
import { sql, type Kysely } from 'kysely';

interface Column {
  schema: string;
  table: string;
  column: string;
  type: string;
  nullable: boolean;
  /** 'always' for GENERATED ALWAYS, 'default' where an insert may omit the column, 'none' otherwise */
  given: 'always' | 'default' | 'none';
  /** the words of a CHECK (column IN (...)), if it has one */
  words: string[] | null;
}

// The types that pg returns, and those that it accepts.
const typescript: Record<string, string> = {
  uuid: 'string',
  text: 'string',
  varchar: 'string',
  inet: 'string',
  date: 'string',
  int4: 'number',
  bool: 'boolean',
  float8: 'number',
  int8: 'Int8',
  numeric: 'Numeric',
  timestamptz: 'Timestamp',
  jsonb: 'Json',
  _bool: 'boolean[]',
  _int8: 'string[]',
  _text: 'string[]',
  _uuid: 'string[]',
  tstzmultirange: 'string',
  xid8: 'string',
};

const columns = sql<Column>`
  SELECT n.nspname AS schema, c.relname AS table, a.attname AS column, t.typname AS type,
         NOT a.attnotnull AS nullable,
         CASE WHEN a.attidentity = 'a' OR a.attgenerated <> '' THEN 'always'
              WHEN a.atthasdef OR a.attidentity = 'd' THEN 'default' ELSE 'none' END AS given,
         (SELECT array_agg(m[1] ORDER BY o)
          FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']*)''::', 'g') WITH ORDINALITY AS r (m, o)
          WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
            AND pg_get_constraintdef(k.oid) LIKE '%= ANY (%') AS words
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'engine') AND c.relname NOT LIKE 'kysely_migration%'
  ORDER BY n.nspname = 'engine', c.relname, a.attnum`;

function columnType({ schema, table, column, type, nullable, given, words }: Column): string {
  const base = words ? words.map((word) => `'${word}'`).join(' | ') : typescript[type];
  if (!base) throw new Error(`${schema}.${table}.${column}: no TypeScript type for ${type}`);
  const nullableType = nullable ? `${base} | null` : base;
  if (given === 'none') return nullableType;
  return given === 'always'
    ? `GeneratedAlways<SelectType<${nullableType}>>`
    : `Generated<${nullableType}>`;
}

const pascal = (name: string) =>
  name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The text of tables.ts for the database behind `db`. */
export async function tablesSource(db: Kysely<any>): Promise<string> {
  const { rows } = await columns.execute(db);
  const tables = Map.groupBy(rows, ({ schema, table }) =>
    schema === 'public' ? table : `${schema}.${table}`,
  );
  const interfaces = [...tables].map(
    ([name, own]) =>
      `export interface ${pascal(name.replace('.', '_'))} {\n` +
      own.map((column) => `  ${column.column}: ${columnType(column)};\n`).join('') +
      '}\n',
  );
  return [
    '// Written by `npm run types` from the migrated database; do not edit.',
    "import type { ColumnType, GeneratedAlways, SelectType } from 'kysely';\n",
    'export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>',
    '  ? ColumnType<S, I | undefined, U>\n  : ColumnType<T, T | undefined, T>;\n',
    'export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };',
    '/** What pg sends as JSON: JSON text, or an object. A list would go out as an array of PostgreSQL: stringify it. */',
    'export type JsonInput = string | number | boolean | { [key: string]: JsonValue };',
    '/** Without null: a JSONB column that is NOT NULL has to be given. Comes back as a value. */',
    'export type Json = ColumnType<JsonValue, JsonInput, JsonInput>;\n',
    'export type Timestamp = ColumnType<Date, Date | string>;',
    '/** as text: a number would lose digits */',
    'export type Int8 = ColumnType<string, string | number | bigint>;',
    'export type Numeric = ColumnType<string, string | number>;\n',
    interfaces.join('\n'),
    'export interface DB {',
    ...[...tables.keys()].map((name) => `  '${name}': ${pascal(name.replace('.', '_'))};`),
    '}\n',
  ].join('\n');
}

if (import.meta.main) {
  const { connect } = await import('./connect.ts');
  const db = connect(process.env.DATABASE_URL ?? '');
  try {
    await writeFile(new URL('tables.ts', import.meta.url), await tablesSource(db));
  } finally {
    await db.destroy();
  }
}
