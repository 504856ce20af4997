/** Finds objects of the platform that have a name which a migration will give. */
import { sql, type Transaction } from 'kysely';
import { builtBefore } from './build-indexes.ts';
import { doubledIndexes, tableOf, type MigrationFile, type MigrationFiles } from './differences.ts';
import {
  columns,
  constraints,
  hasNeededName,
  matchesIn,
  policies,
  triggers,
} from './names-on-tables.ts';

const kinds: Record<string, string> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  i: 'index',
  I: 'index',
  S: 'sequence',
  c: 'type',
};

/**
 * Your tables, indexes, constraints, triggers and functions under a name that a migration will give. Left out are the
 * documented parts of the documented tables that exist (`existingTables`), which are compared elsewhere, the names of the
 * engine's own additions (`additions`, as `table.name`), and, where the rest is added to the bots, what the migrations
 * of the bots have made.
 */
export async function takenNames(
  trx: Transaction<any>,
  { documented, engine }: MigrationFiles,
  {
    existingTables,
    additions,
    wanted,
  }: {
    existingTables: Set<string>;
    additions: Set<string>;
    wanted: 'whole' | 'bots' | 'grown' | 'upgrade';
  },
): Promise<string[]> {
  const tables = documented.map(({ name }) => tableOf(name));
  const own = tablesOf(engine);
  return [
    ...(await relations(trx, [...tables.filter((table) => !existingTables.has(table)), ...own])),
    ...(await indexes(trx, { documented, engine }, existingTables, additions)),
    ...(await constraints(trx, engine, existingTables, additions, wanted)),
    ...(await triggers(trx, engine, existingTables)),
    ...(await columns(trx, engine, existingTables)),
    ...(await policies(trx, engine, existingTables, wanted)),
    ...(await functions(trx, engine, wanted === 'grown' ? ['is_admin'] : [])),
  ];
}

/** The tables that these files make in the schema public. */
const tablesOf = (files: MigrationFile[]) =>
  matchesIn(files, /^CREATE TABLE (?:IF NOT EXISTS )?(?:public\.)?(\w+) \(/gm).map(
    ([, name]) => name!,
  );

/**
 * The same search in a database in which the files `applied` were run, before the files `pending` are run: objects that
 * have a name which a pending file will give, and that no applied file has made.
 */
export async function takenByUpgrade(
  trx: Transaction<any>,
  { applied, pending }: { applied: MigrationFile[]; pending: MigrationFile[] },
): Promise<string[]> {
  const around = {
    existingTables: new Set(tablesOf(applied)),
    additions: new Set<string>(),
    wanted: 'upgrade',
  } as const;
  const named = await takenNames(trx, { documented: [], engine: pending }, around);
  if (named.length === 0) return [];
  // Some pending files make an object of an applied file anew, under the same name.
  const ours = new Set(await takenNames(trx, { documented: [], engine: applied }, around));
  return named.filter((each) => !ours.has(each));
}

async function relations(trx: Transaction<any>, names: string[]): Promise<string[]> {
  const { rows } = await sql<{ name: string; kind: string }>`
    SELECT relname AS name, relkind::text AS kind FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${names})
    UNION ALL
    SELECT typname, 'c' FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typrelid = 0 AND typname = ANY (${names})
    ORDER BY 1`.execute(trx);
  return rows.map(({ name, kind }) => {
    const what = kinds[kind] ?? 'table';
    const alter = what === 'partitioned table' ? 'table' : what;
    return `${what} ${name} ${hasNeededName} (ALTER ${alter.toUpperCase()} ${name} RENAME TO own_${name})`;
  });
}

async function indexes(
  trx: Transaction<any>,
  { documented, engine }: MigrationFiles,
  existingTables: Set<string>,
  additions: Set<string>,
): Promise<string[]> {
  const pattern = /^CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?(\w+) ON (\w+)/gm;
  const ofDocument = new Map(
    matchesIn(documented, pattern).map(([, name, table]) => [name!, table!]),
  );
  const ofEngine = new Map(matchesIn(engine, pattern).map(([, name, table]) => [name!, table!]));
  const { rows } = await sql<{ name: string; relation: string }>`
    SELECT i.relname AS name, t.relname AS relation
    FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_class t ON t.oid = x.indrelid
    WHERE i.relnamespace = 'public'::regnamespace
      AND i.relname = ANY (${[...ofDocument.keys(), ...ofEngine.keys()]})
      AND obj_description(i.oid, 'pg_class') IS DISTINCT FROM ${builtBefore}
    ORDER BY 1`.execute(trx);
  return rows
    .filter(({ name, relation }) => {
      const compared = ofDocument.get(name) === relation || additions.has(`${relation}.${name}`);
      return !doubledIndexes.includes(name) && !(existingTables.has(relation) && compared);
    })
    .map(
      ({ name, relation }) =>
        `${relation}: index ${name} ${hasNeededName} (ALTER INDEX ${name} RENAME TO own_${name})`,
    );
}

/** Functions under a name that a migration will give: CREATE OR REPLACE would replace one that your policies call. */
async function functions(
  trx: Transaction<any>,
  engine: MigrationFile[],
  ours: string[],
): Promise<string[]> {
  const names = matchesIn(engine, /FUNCTION private\.(\w+)\(\) RETURNS/g)
    .map(([, name]) => name!)
    .filter((name) => !ours.includes(name));
  // Every function of this name counts, whatever arguments it takes: otherwise a function that the platform adds later
  // could decide which one a call means.
  const publicFunctions = matchesIn(engine, /^CREATE FUNCTION public\.(\w+)\(/gm).map(
    ([, name]) => name!,
  );
  const { rows } = await sql<{ name: string; called: string }>`
    SELECT proname AS name,
           format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)) AS called
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname = 'private' AND pronargs = 0 AND proname = ANY (${names})
       OR nspname = 'public' AND proname = ANY (${publicFunctions})
    ORDER BY 1, 2`.execute(trx);
  return rows.map(
    ({ name, called }) =>
      `function ${called} ${hasNeededName} (ALTER FUNCTION ${called} RENAME TO own_${name})`,
  );
}
