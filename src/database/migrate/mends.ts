/** The statements that give a table a part as the document has it. Each takes parts as `partsOf` prints them. */

interface Column {
  type: string;
  notNull: boolean;
  default: string | null;
  /** what gives it its values in place of a default */
  made: 'IDENTITY' | 'STORED' | 'VIRTUAL' | null;
}

const columnOf = (definition: string): Column => {
  const [, type, notNull, own, made] =
    /^(.*?)( NOT NULL)?(?: DEFAULT (.*)| GENERATED .*(IDENTITY|STORED|VIRTUAL))?$/s.exec(
      definition,
    )!;
  return {
    type: type!,
    notNull: notNull !== undefined,
    default: own ?? null,
    made: (made as Column['made']) ?? null,
  };
};

/** The type of a column, as `partsOf` prints it. */
export const typeOf = (definition: string): string => columnOf(definition).type;

/** Whether a column, as `partsOf` prints it, takes NULL. */
export const mayBeNull = (definition: string): boolean => !columnOf(definition).notNull;

/** With the schema that `bare` has left out: a person's search_path may not have it. */
const whole = (definition: string): string =>
  definition.replaceAll(/(?<![\w.])uuid_generate_v4\(\)/g, 'extensions.uuid_generate_v4()');

/** For a column that is missing. */
export function addColumn(table: string, name: string, definition: string): string {
  const { type, notNull, default: value } = columnOf(definition);
  if (!notNull || value !== null)
    return `ALTER TABLE ${table} ADD COLUMN ${name} ${whole(definition)}`;
  // A table with rows takes no such column.
  return `ALTER TABLE ${table} ADD COLUMN ${name} ${type}; fill it in each row; ALTER TABLE ${table} ALTER ${name} SET NOT NULL`;
}

/** For a column that is another one. */
export function alterColumn(table: string, name: string, is: string, documented: string): string {
  const own = columnOf(is);
  const ours = columnOf(documented);
  // PostgreSQL cannot turn it into a column that keeps values.
  if (own.made === 'VIRTUAL')
    return `ALTER TABLE ${table} RENAME COLUMN ${name} TO ${ownName(name)}; ${addColumn(table, name, documented.replace(' NOT NULL', ''))}; UPDATE ${table} SET ${name} = ${ownName(name)}${ours.notNull ? `; ALTER TABLE ${table} ALTER ${name} SET NOT NULL` : ''}`;
  const changes: string[] = [];
  if (own.made !== null)
    changes.push(`ALTER ${name} DROP ${own.made === 'IDENTITY' ? 'IDENTITY' : 'EXPRESSION'}`);
  const typed = own.type !== ours.type;
  // A default that does not fit the new type would refuse it.
  if (typed && own.default !== null) changes.push(`ALTER ${name} DROP DEFAULT`);
  if (typed) changes.push(`ALTER ${name} TYPE ${ours.type} USING ${name}::${ours.type}`);
  if (own.notNull !== ours.notNull)
    changes.push(`ALTER ${name} ${ours.notNull ? 'SET' : 'DROP'} NOT NULL`);
  if (ours.default !== null && (typed || own.default !== ours.default))
    changes.push(`ALTER ${name} SET DEFAULT ${whole(ours.default)}`);
  else if (ours.default === null && own.default !== null && !typed)
    changes.push(`ALTER ${name} DROP DEFAULT`);
  return `ALTER TABLE ${table} ${changes.join(', ')}`;
}

/** Under which name a thing of the platform's own may stay. */
export const ownName = (name: string): string =>
  name.startsWith('"') ? `"own ${name.slice(1)}` : `own_${name}`;

/** For an index under a name that another one has to have; a unique one would go on refusing what the engine writes. */
export const giveWay = (table: string, name: string, is: string): string =>
  is.startsWith('CREATE UNIQUE ') && /^bots$|^bot_/.test(table)
    ? `DROP INDEX ${name}`
    : rename('index', table, name);

/** For a trigger, an index, a check or a policy under a name that another one has to have. */
export function rename(kind: string, table: string, name: string): string {
  const to = `${name} RENAME TO ${ownName(name)}`;
  if (kind === 'check') return `ALTER TABLE ${table} RENAME CONSTRAINT ${name} TO ${ownName(name)}`;
  if (kind === 'index') return `ALTER INDEX ${to}`;
  return `ALTER ${kind.toUpperCase()} ${name} ON ${table} RENAME TO ${ownName(name)}`;
}
