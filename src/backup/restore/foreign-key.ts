/** Foreign keys in the statements that pg_dump writes. Their names may have dots, quotes and line breaks. */
import { unquoted } from '../read/as-sql.ts';

export interface ForeignKey {
  schema: string;
  table: string;
  constraint: string;
}

const name = String.raw`("(?:[^"]|"")+"|[^\s".]+)`;

/** The beginning of the statement that makes one. */
const beginning = String.raw`ALTER TABLE (?:ONLY )?${name}\.${name}\s+ADD CONSTRAINT ${name} FOREIGN KEY `;

const made = new RegExp(`^(?:\\s|--[^\\n]*\\n)*${beginning}`);

const keyOf = ([, schema, table, constraint]: readonly string[]): ForeignKey => ({
  schema: unquoted(schema!),
  table: unquoted(table!),
  constraint: unquoted(constraint!),
});

/** The foreign key that the statement makes; null where it makes none. */
export function foreignKeyIn(statement: string): ForeignKey | null {
  const found = made.exec(statement);
  return found && keyOf(found);
}

export const isSameKey = (one: ForeignKey, other: ForeignKey): boolean =>
  one.schema === other.schema && one.table === other.table && one.constraint === other.constraint;

/** For people. */
export const nameOfKey = ({ schema, table, constraint }: ForeignKey): string =>
  `${schema}.${table}.${constraint}`;

const unchecked = new RegExp(`${beginning}.* NOT VALID;$`, 'gm');

/** The schema as if these keys had been checked. */
export const asChecked = (schema: string, keys: readonly ForeignKey[]): string =>
  keys.length === 0
    ? schema
    : schema.replace(unchecked, (statement: string, ...parts: string[]) =>
        keys.some((key) => isSameKey(key, keyOf(['', ...parts])))
          ? statement.replace(/ NOT VALID;$/, ';')
          : statement,
      );
