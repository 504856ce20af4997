/** The statements that give a table a part as the document has it. Each takes parts as `partsOf` prints them. */

interface Column {
  type: string;
  notNull: boolean;
  default: string | null;
  /** what gives it its values in place of a default */
  filledBy: 'IDENTITY' | 'STORED' | 'VIRTUAL' | null;
}

const columnOf = (definition: string): Column => {
  const [, type, notNull, defaultValue, filledBy] =
    /^(.*?)( NOT NULL)?(?: DEFAULT (.*)| GENERATED .*(IDENTITY|STORED|VIRTUAL))?$/s.exec(
      definition,
    )!;
  return {
    type: type!,
    notNull: notNull !== undefined,
    default: defaultValue ?? null,
    filledBy: (filledBy as Column['filledBy']) ?? null,
  };
};

/** The type of a column, as `partsOf` prints it. */
export const typeOf = (definition: string): string => columnOf(definition).type;

/** Whether a column, as `partsOf` prints it, takes NULL. */
export const mayBeNull = (definition: string): boolean => !columnOf(definition).notNull;

/** A definition with the schema that `withoutSchemas` has left out, because the search_path of a person may not have it. */
const withSchema = (definition: string): string =>
  definition.replaceAll(/(?<![\w.])uuid_generate_v4\(\)/g, 'extensions.uuid_generate_v4()');

/** The statement that adds a missing column. */
export function addColumn(table: string, name: string, definition: string): string {
  const { type, notNull, default: value } = columnOf(definition);
  if (!notNull || value !== null)
    return `ALTER TABLE ${table} ADD COLUMN ${name} ${withSchema(definition)}`;
  // A table with rows refuses a new column that is NOT NULL and has no default.
  return `ALTER TABLE ${table} ADD COLUMN ${name} ${type}; fill it in each row; ALTER TABLE ${table} ALTER ${name} SET NOT NULL`;
}

/** The statement that turns a column that differs (`existing`) into the documented one. */
export function alterColumn(
  table: string,
  name: string,
  existing: string,
  documented: string,
): string {
  const own = columnOf(existing);
  const ours = columnOf(documented);
  // PostgreSQL cannot turn a VIRTUAL column into one that stores values.
  if (own.filledBy === 'VIRTUAL')
    return `ALTER TABLE ${table} RENAME COLUMN ${name} TO ${ownName(name)}; ${addColumn(table, name, documented.replace(' NOT NULL', ''))}; UPDATE ${table} SET ${name} = ${ownName(name)}${ours.notNull ? `; ALTER TABLE ${table} ALTER ${name} SET NOT NULL` : ''}`;
  const changes: string[] = [];
  if (own.filledBy !== null)
    changes.push(`ALTER ${name} DROP ${own.filledBy === 'IDENTITY' ? 'IDENTITY' : 'EXPRESSION'}`);
  const changesType = own.type !== ours.type;
  // A default that does not fit the new type would refuse it.
  if (changesType && own.default !== null) changes.push(`ALTER ${name} DROP DEFAULT`);
  if (changesType) changes.push(`ALTER ${name} TYPE ${ours.type} USING ${name}::${ours.type}`);
  if (own.notNull !== ours.notNull)
    changes.push(`ALTER ${name} ${ours.notNull ? 'SET' : 'DROP'} NOT NULL`);
  if (ours.default !== null && (changesType || own.default !== ours.default))
    changes.push(`ALTER ${name} SET DEFAULT ${withSchema(ours.default)}`);
  else if (ours.default === null && own.default !== null && !changesType)
    changes.push(`ALTER ${name} DROP DEFAULT`);
  return `ALTER TABLE ${table} ${changes.join(', ')}`;
}

/** The name under which an object of the platform may stay when its name is needed. */
export const ownName = (name: string): string =>
  name.startsWith('"') ? `"own ${name.slice(1)}` : `own_${name}`;

/**
 * The statement that frees the name of a trigger, an index or a check for another one. A unique index of the bots' tables
 * is dropped, because under another name it would still refuse what the engine writes.
 */
export const freeName = (kind: string, table: string, name: string, existing: string): string =>
  kind === 'index' && existing.startsWith('CREATE UNIQUE ') && /^bots$|^bot_/.test(table)
    ? `DROP INDEX ${name}`
    : rename(kind, table, name);

/** The statement that renames a trigger, an index, a check or a policy, because another one has to have its name. */
export function rename(kind: string, table: string, name: string): string {
  const to = `${name} RENAME TO ${ownName(name)}`;
  if (kind === 'check') return `ALTER TABLE ${table} RENAME CONSTRAINT ${name} TO ${ownName(name)}`;
  if (kind === 'index') return `ALTER INDEX ${to}`;
  return `ALTER ${kind.toUpperCase()} ${name} ON ${table} RENAME TO ${ownName(name)}`;
}
