/** Finds what has a name that a migration will give, and belongs to a table that exists: constraints, triggers, columns, policies. */
import { sql, type Transaction } from 'kysely';
import type { MigrationFile } from './differences.ts';

export const matchesIn = (files: MigrationFile[], pattern: RegExp) =>
  files.flatMap(({ text }) => [...text.matchAll(pattern)]);

export const hasNeededName = 'has a name that Roundsman needs';

export async function constraints(
  trx: Transaction<any>,
  engine: MigrationFile[],
  existingTables: Set<string>,
  additions: Set<string>,
  wanted: string,
): Promise<string[]> {
  // PostgreSQL named these for an earlier file; a later one gives them another meaning.
  const replaced = new Set(
    wanted === 'upgrade'
      ? matchesIn(engine, /DROP CONSTRAINT (\w+)/g).map(([, name]) => name!)
      : [],
  );
  const counts = engine.filter(({ name }) => /_counts(-rest)?$/.test(name));
  const names = [
    ...matchesIn(engine, /ADD CONSTRAINT (\w+)/g).map(([, name]) => name!),
    // Migrations add these constraints in a loop over pairs ('table', 'column').
    ...matchesIn(counts, /\('(\w+)', '(\w+)'\)/g).map(
      ([, table, column]) => `${table}_${column}_check`,
    ),
  ];
  const { rows } = await sql<{ name: string; relation: string }>`
    SELECT conname AS name, relname AS relation FROM pg_constraint JOIN pg_class t ON t.oid = conrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...existingTables]}) AND conname = ANY (${names})
    ORDER BY 2, 1`.execute(trx);
  return rows
    .filter(({ name, relation }) => !additions.has(`${relation}.${name}`) && !replaced.has(name))
    .map(
      ({ name, relation }) =>
        `${relation}: constraint ${name} ${hasNeededName} (ALTER TABLE ${relation} RENAME CONSTRAINT ${name} TO own_${name})`,
    );
}

export async function triggers(
  trx: Transaction<any>,
  engine: MigrationFile[],
  existingTables: Set<string>,
) {
  const names = matchesIn(
    engine,
    /^CREATE (?:CONSTRAINT )?TRIGGER (?!update_)(\w+)\s[^;]*?\bON (?:public\.)?(\w+)/gm,
  ).map(([, name, table]) => `${table}.${name}`);
  const { rows } = await sql<{ name: string; relation: string }>`
    SELECT tgname AS name, relname AS relation FROM pg_trigger JOIN pg_class t ON t.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...existingTables]}) AND relname || '.' || tgname = ANY (${names})
    ORDER BY 2, 1`.execute(trx);
  return rows.map(
    ({ name, relation }) =>
      `${relation}: trigger ${name} ${hasNeededName} (ALTER TRIGGER ${name} ON ${relation} RENAME TO own_${name})`,
  );
}

/** The columns that the engine's files add to existing tables, as `table.column`. */
function addedColumns(engine: MigrationFile[]): string[] {
  const plain = engine.map(({ name, text }) => ({ name, text: text.replaceAll(/--.*$/gm, '') }));
  return matchesIn(plain, /ALTER TABLE (?:public\.)?(\w+)\s([^;]*)/g).flatMap(
    ([, table, changes]) =>
      [...changes!.matchAll(/ADD COLUMN (\w+)/g)].map(([, column]) => `${table}.${column}`),
  );
}

export async function columns(
  trx: Transaction<any>,
  engine: MigrationFile[],
  existingTables: Set<string>,
) {
  const { rows } = await sql<{ relation: string; name: string }>`
    SELECT relname AS relation, attname AS name FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...existingTables]}) AND attnum > 0 AND NOT attisdropped
      AND relname || '.' || attname = ANY (${addedColumns(engine)})
    ORDER BY 1, 2`.execute(trx);
  return rows.map(
    ({ relation, name }) =>
      `${relation}: column ${name} ${hasNeededName} (ALTER TABLE ${relation} RENAME COLUMN ${name} TO own_${name})`,
  );
}

/**
 * Policies under a name that a migration will give. Where tables are taken over, only restrictive ones: permissive
 * policies of your own are differences in any case.
 */
export async function policies(
  trx: Transaction<any>,
  engine: MigrationFile[],
  existingTables: Set<string>,
  wanted: string,
) {
  const names = matchesIn(engine, /CREATE POLICY "([^"]+)" ON (\w+)/g).map(
    ([, name, table]) => `${table}.${name}`,
  );
  const { rows } = await sql<{ relation: string; name: string }>`
    SELECT relname AS relation, polname AS name FROM pg_policy JOIN pg_class c ON c.oid = polrelid
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...existingTables]}) AND (NOT polpermissive OR ${wanted}::text = 'upgrade')
      -- A migration makes the policies 'Admins see ...' of the bots' tables in a loop.
      AND (relname || '.' || polname = ANY (${names}) OR polname = 'Admins see ' || replace(relname, '_', ' '))
    ORDER BY 1, 2`.execute(trx);
  return rows.map(
    ({ relation, name }) =>
      `${relation}: policy "${name}" ${hasNeededName} (ALTER POLICY "${name}" ON ${relation} RENAME TO "own ${name}")`,
  );
}
