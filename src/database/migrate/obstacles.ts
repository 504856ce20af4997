/** Why a statement that would mend a difference cannot run: then words say what to do in its place. */
import { sql, type Transaction } from 'kysely';
import { messageOf } from '../../ground/errors.ts';
import { bare } from './differences.ts';
import { typeOf } from './mends.ts';
import { stateOf } from '../faults/sql-states.ts';
import { trying } from './trying.ts';
import type { Twins } from './unfit-rows.ts';

/** What is said in place of a statement: `why` is told with the difference, `mend` says what to do. */
export interface Obstacle {
  why: string;
  mend: string;
}

/** What stands in the way of statements. */
export interface Obstacles {
  /** `table.column` -> why its type cannot be changed by one statement */
  types: Map<string, Obstacle>;
  /** `table.constraint` -> the foreign keys that refer to it */
  referred: Map<string, string>;
  /** `table.column` or `table.foreign key` -> how many rows would refuse the statement */
  rows: Map<string, number>;
  /** `table.key` -> rows that have their values in common and would refuse the key */
  twins: Map<string, Twins>;
  /** relations to which a foreign key may refer: documented tables that are there, and auth.users */
  relations: Set<string>;
}

/** To be asked before the documented tables are made in scratch: that makes auth.users where it is missing. */
export async function relationsThere(
  trx: Transaction<any>,
  there: Set<string>,
): Promise<Set<string>> {
  // Not by to_regclass, which needs USAGE.
  const { rows } = await sql`
    SELECT FROM pg_class WHERE relnamespace = to_regnamespace('auth') AND relname = 'users'`.execute(
    trx,
  );
  return new Set([...there, ...(rows.length > 0 ? ['auth.users'] : [])]);
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
  return new Map(rows.map(({ key, by }) => [key, bare(by)]));
}

/** Tries each change of type on the values, without changing them, and looks for what depends on the column. */
export async function fixedTypes(
  trx: Transaction<any>,
  table: string,
  { documented, is }: { documented: Map<string, string>; is: Map<string, string> },
): Promise<[string, Obstacle][]> {
  const found: [string, Obstacle][] = [];
  for (const [part, definition] of documented) {
    const own = is.get(part);
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
  const tried = await trying(trx, () =>
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
    mend: 'correct these values or delete their rows, then run it again: it has the statement then',
  };
}

/** PostgreSQL changes no type under a view, a policy, a rule or a trigger's condition, and none that a key compares. */
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
  const names = bare(rows.map(({ what }) => what).join(', '));
  return {
    why: `its type cannot be changed while ${names} ${rows.length === 1 ? 'depends' : 'depend'} on it`,
    mend: 'drop what depends on it, then run it again: it has the statement then; and make what is yours anew',
  };
}
