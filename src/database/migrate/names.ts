/** Names that the migrations will give, and objects that have such a name already. */
import { sql, type Transaction } from 'kysely';
import { doubledIndexes, tableOf, type MigrationFile, type MigrationFiles } from './differences.ts';

const all = (files: MigrationFile[], pattern: RegExp) =>
  files.flatMap(({ text }) => [...text.matchAll(pattern)]);

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

const needed = 'has a name that Roundsman needs';

/**
 * Your tables, indexes, constraints, triggers and functions under a name that a migration will give. Left out are the
 * documented parts of the documented tables that exist (`there`), which are compared elsewhere, the names of the
 * engine's own additions (`additions`, as `table.name`), and what the bots have made where the rest follows.
 */
export async function takenNames(
  trx: Transaction<any>,
  { documented, engine }: MigrationFiles,
  {
    there,
    additions,
    wanted,
  }: { there: Set<string>; additions: Set<string>; wanted: 'whole' | 'bots' | 'grown' | 'upgrade' },
): Promise<string[]> {
  const tables = documented.map(({ name }) => tableOf(name));
  const own = tablesOf(engine);
  return [
    ...(await relations(trx, [...tables.filter((table) => !there.has(table)), ...own])),
    ...(await indexes(trx, { documented, engine }, there, additions)),
    ...(await constraints(trx, engine, there, additions, wanted)),
    ...(await triggers(trx, engine, there)),
    ...(await columns(trx, engine, there)),
    ...(await policies(trx, engine, there, wanted)),
    ...(await functions(trx, engine, wanted === 'grown' ? ['is_admin'] : [])),
  ];
}

/** Tables in the schema public. */
const tablesOf = (files: MigrationFile[]) =>
  all(files, /^CREATE TABLE (?:IF NOT EXISTS )?(?:public\.)?(\w+) \(/gm).map(([, name]) => name!);

/**
 * The same for a database in which `applied` files have made their part, and `pending` ones follow: what has a name that
 * these will give, and is not ours already.
 */
export async function takenByUpgrade(
  trx: Transaction<any>,
  { applied, pending }: { applied: MigrationFile[]; pending: MigrationFile[] },
): Promise<string[]> {
  const around = {
    there: new Set(tablesOf(applied)),
    additions: new Set<string>(),
    wanted: 'upgrade',
  } as const;
  const named = await takenNames(trx, { documented: [], engine: pending }, around);
  if (named.length === 0) return [];
  // Later files make some things of earlier ones anew.
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
    return `${what} ${name} ${needed} (ALTER ${alter.toUpperCase()} ${name} RENAME TO own_${name})`;
  });
}

async function indexes(
  trx: Transaction<any>,
  { documented, engine }: MigrationFiles,
  there: Set<string>,
  additions: Set<string>,
): Promise<string[]> {
  const pattern = /^CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?(\w+) ON (\w+)/gm;
  const ofDocument = new Map(all(documented, pattern).map(([, name, table]) => [name!, table!]));
  const ofEngine = new Map(all(engine, pattern).map(([, name, table]) => [name!, table!]));
  const { rows } = await sql<{ name: string; relation: string }>`
    SELECT i.relname AS name, t.relname AS relation
    FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_class t ON t.oid = x.indrelid
    WHERE i.relnamespace = 'public'::regnamespace
      AND i.relname = ANY (${[...ofDocument.keys(), ...ofEngine.keys()]})
    ORDER BY 1`.execute(trx);
  return rows
    .filter(({ name, relation }) => {
      const compared = ofDocument.get(name) === relation || additions.has(`${relation}.${name}`);
      return !doubledIndexes.includes(name) && !(there.has(relation) && compared);
    })
    .map(
      ({ name, relation }) =>
        `${relation}: index ${name} ${needed} (ALTER INDEX ${name} RENAME TO own_${name})`,
    );
}

async function constraints(
  trx: Transaction<any>,
  engine: MigrationFile[],
  there: Set<string>,
  additions: Set<string>,
  wanted: string,
): Promise<string[]> {
  // PostgreSQL named these for an earlier file; a later one gives them another meaning.
  const replaced = new Set(
    wanted === 'upgrade' ? all(engine, /DROP CONSTRAINT (\w+)/g).map(([, name]) => name!) : [],
  );
  const counts = engine.filter(({ name }) => /_counts(-rest)?$/.test(name));
  const names = [
    ...all(engine, /ADD CONSTRAINT (\w+)/g).map(([, name]) => name!),
    // Migrations add these constraints in a loop over pairs ('table', 'column').
    ...all(counts, /\('(\w+)', '(\w+)'\)/g).map(([, table, column]) => `${table}_${column}_check`),
  ];
  const { rows } = await sql<{ name: string; relation: string }>`
    SELECT conname AS name, relname AS relation FROM pg_constraint JOIN pg_class t ON t.oid = conrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...there]}) AND conname = ANY (${names})
    ORDER BY 2, 1`.execute(trx);
  return rows
    .filter(({ name, relation }) => !additions.has(`${relation}.${name}`) && !replaced.has(name))
    .map(
      ({ name, relation }) =>
        `${relation}: constraint ${name} ${needed} (ALTER TABLE ${relation} RENAME CONSTRAINT ${name} TO own_${name})`,
    );
}

async function triggers(trx: Transaction<any>, engine: MigrationFile[], there: Set<string>) {
  const names = all(
    engine,
    /^CREATE (?:CONSTRAINT )?TRIGGER (?!update_)(\w+)\s[^;]*?\bON (?:public\.)?(\w+)/gm,
  ).map(([, name, table]) => `${table}.${name}`);
  const { rows } = await sql<{ name: string; relation: string }>`
    SELECT tgname AS name, relname AS relation FROM pg_trigger JOIN pg_class t ON t.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...there]}) AND relname || '.' || tgname = ANY (${names})
    ORDER BY 2, 1`.execute(trx);
  return rows.map(
    ({ name, relation }) =>
      `${relation}: trigger ${name} ${needed} (ALTER TRIGGER ${name} ON ${relation} RENAME TO own_${name})`,
  );
}

/** Of tables that are there, the columns that the engine adds: `table.column`. */
function addedColumns(engine: MigrationFile[]): string[] {
  const plain = engine.map(({ name, text }) => ({ name, text: text.replaceAll(/--.*$/gm, '') }));
  return all(plain, /ALTER TABLE (?:public\.)?(\w+)\s([^;]*)/g).flatMap(([, table, changes]) =>
    [...changes!.matchAll(/ADD COLUMN (\w+)/g)].map(([, column]) => `${table}.${column}`),
  );
}

async function columns(trx: Transaction<any>, engine: MigrationFile[], there: Set<string>) {
  const { rows } = await sql<{ relation: string; name: string }>`
    SELECT relname AS relation, attname AS name FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...there]}) AND attnum > 0 AND NOT attisdropped
      AND relname || '.' || attname = ANY (${addedColumns(engine)})
    ORDER BY 1, 2`.execute(trx);
  return rows.map(
    ({ relation, name }) =>
      `${relation}: column ${name} ${needed} (ALTER TABLE ${relation} RENAME COLUMN ${name} TO own_${name})`,
  );
}

/** Where tables are taken over, restrictive ones: permissive ones of your own are differences in any case. */
async function policies(
  trx: Transaction<any>,
  engine: MigrationFile[],
  there: Set<string>,
  wanted: string,
) {
  const names = all(engine, /CREATE POLICY "([^"]+)" ON (\w+)/g).map(
    ([, name, table]) => `${table}.${name}`,
  );
  const { rows } = await sql<{ relation: string; name: string }>`
    SELECT relname AS relation, polname AS name FROM pg_policy JOIN pg_class c ON c.oid = polrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...there]}) AND (NOT polpermissive OR ${wanted}::text = 'upgrade')
      -- A loop gives the bots' tables theirs.
      AND (relname || '.' || polname = ANY (${names}) OR polname = 'Admins see ' || replace(relname, '_', ' '))
    ORDER BY 1, 2`.execute(trx);
  return rows.map(
    ({ relation, name }) =>
      `${relation}: policy "${name}" ${needed} (ALTER POLICY "${name}" ON ${relation} RENAME TO "own ${name}")`,
  );
}

/** CREATE OR REPLACE would replace a function of yours that your policies may call. */
async function functions(
  trx: Transaction<any>,
  engine: MigrationFile[],
  ours: string[],
): Promise<string[]> {
  const names = all(engine, /FUNCTION private\.(\w+)\(\) RETURNS/g)
    .map(([, name]) => name!)
    .filter((name) => !ours.includes(name));
  // All of this name, whatever they take: which of them a call means would depend on what the platform adds later.
  const open = all(engine, /^CREATE FUNCTION public\.(\w+)\(/gm).map(([, name]) => name!);
  const { rows } = await sql<{ name: string; called: string }>`
    SELECT proname AS name,
           format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid)) AS called
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname = 'private' AND pronargs = 0 AND proname = ANY (${names})
       OR nspname = 'public' AND proname = ANY (${open})
    ORDER BY 1, 2`.execute(trx);
  return rows.map(
    ({ name, called }) =>
      `function ${called} ${needed} (ALTER FUNCTION ${called} RENAME TO own_${name})`,
  );
}
