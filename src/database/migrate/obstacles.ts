/** Finds out why a statement that would mend a difference cannot run. Then a sentence says what to do instead. */
import { sql, type Transaction } from 'kysely';
import { messageOf } from '../../ground/errors.ts';
import { withoutSchemas } from './differences.ts';
import { typeOf } from './mends.ts';
import { stateOf } from '../faults/sql-states.ts';
import { tryInSavepoint } from './try-in-savepoint.ts';
import type { Duplicates } from './unfit-rows.ts';

/** Why one statement cannot run. */
export interface Obstacle {
  /** the end of the sentence that names the difference */
  why: string;
  /** what a person does instead */
  mend: string;
}

/** What was found out about the existing tables before the differences are written. */
export interface Obstacles {
  /** `table.column` -> why its type cannot be changed by one statement */
  types: Map<string, Obstacle>;
  /** `table.constraint` -> the foreign keys that refer to it */
  referred: Map<string, string>;
  /** `table.column` or `table.foreign key` -> how many rows would refuse the statement */
  rows: Map<string, number>;
  /** `table.key` -> rows that have their values in common and would refuse the key */
  duplicates: Map<string, Duplicates>;
  /** relations to which a foreign key may refer: documented tables that exist, and auth.users */
  relations: Set<string>;
}

/**
 * The relations to which a foreign key may refer. Call it before the documented tables are made in scratch, because that
 * makes auth.users where it is missing.
 */
export async function existingRelations(
  trx: Transaction<any>,
  existingTables: Set<string>,
): Promise<Set<string>> {
  // Reads pg_class, because to_regclass needs USAGE on the schema.
  const { rows } = await sql`
    SELECT FROM pg_class WHERE relnamespace = to_regnamespace('auth') AND relname = 'users'`.execute(
    trx,
  );
  return new Set([...existingTables, ...(rows.length > 0 ? ['auth.users'] : [])]);
}

/** Keys of tables in public to which foreign keys refer: PostgreSQL drops no such key. */
export async function referredKeys(trx: Transaction<any>): Promise<Map<string, string>> {
  const { rows } = await sql<{ key: string; by: string }>`
    SELECT t.relname || '.' || quote_ident(k.conname) AS key,
           string_agg(format('%I of %s', f.conname, f.conrelid::regclass), ', ' ORDER BY f.oid) AS by
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
    JOIN pg_constraint f ON f.contype = 'f' AND f.conindid = k.conindid
    WHERE k.contype IN ('p', 'u') AND t.relnamespace = 'public'::regnamespace
    GROUP BY 1`.execute(trx);
  return new Map(rows.map(({ key, by }) => [key, withoutSchemas(by)]));
}

/**
 * The columns whose type one statement cannot change, with the reason: tries each change on the values, without changing
 * them, and searches for objects that depend on the column.
 */
export async function unchangeableTypes(
  trx: Transaction<any>,
  table: string,
  { documented, existing }: { documented: Map<string, string>; existing: Map<string, string> },
): Promise<[string, Obstacle][]> {
  const found: [string, Obstacle][] = [];
  for (const [part, definition] of documented) {
    const own = existing.get(part);
    if (own === undefined || !part.startsWith('column ')) continue;
    const [from, to] = [typeOf(own), typeOf(definition)];
    if (from === to) continue;
    const column = part.slice('column '.length);
    const obstacle =
      (await valueThatDoesNotFit(trx, { table, column, from, to })) ??
      (await dependents(trx, { table, column }));
    if (obstacle) found.push([`${table}.${column}`, obstacle]);
  }
  return found;
}

async function valueThatDoesNotFit(
  trx: Transaction<any>,
  { table, column, from, to }: { table: string; column: string; from: string; to: string },
): Promise<Obstacle | null> {
  const tried = await tryInSavepoint(trx, () =>
    sql.raw(`SELECT count(${column}::${to}) FROM public.${table}`).execute(trx),
  );
  if (tried.ok) return null;
  if (stateOf(tried.error) === '42846')
    return {
      why: `PostgreSQL cannot turn ${from} into ${to}`,
      mend: `give ${table} a new column of type ${to} in its place, and take what refers to the old one over to it`,
    };
  return {
    why: `not every value can be turned into ${to}: ${messageOf(tried.error)}`,
    mend: 'correct these values or delete their rows, then run it again: it will show the statement then',
  };
}

/**
 * What depends on the column, so that PostgreSQL refuses to change its type: a view, a policy, a rule, the condition of a
 * trigger, a foreign key.
 */
async function dependents(
  trx: Transaction<any>,
  { table, column }: { table: string; column: string },
): Promise<Obstacle | null> {
  const { rows } = await sql<{ what: string }>`
    WITH of AS (
      SELECT attrelid, attnum FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
      WHERE relnamespace = 'public'::regnamespace AND relname = ${table} AND quote_ident(attname) = ${column}
    )
    SELECT format('constraint %I of %s', conname, conrelid::regclass) AS what FROM pg_constraint, of
    WHERE contype = 'f' AND (conrelid = attrelid AND attnum = ANY (conkey) OR confrelid = attrelid AND attnum = ANY (confkey))
    UNION
    SELECT CASE classid WHEN 'pg_rewrite'::regclass
                THEN (SELECT format('%s', ev_class::regclass) FROM pg_rewrite r WHERE r.oid = objid)
                ELSE pg_describe_object(classid, objid, 0) END
    FROM pg_depend, of
    WHERE refclassid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum
      AND classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)
    ORDER BY 1`.execute(trx);
  if (rows.length === 0) return null;
  const names = withoutSchemas(rows.map(({ what }) => what).join(', '));
  return {
    why: `its type cannot be changed while ${names} ${rows.length === 1 ? 'depends' : 'depend'} on it`,
    mend: 'drop what depends on it, then run it again: it will show the statement then; and make what is yours again',
  };
}
