/** A database in which the documented tables exist already, created by hand or in Supabase's editor. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { messageOf } from '../../ground/errors.ts';
import { differ, differFromOurs } from './compare-parts.ts';
import { scratch, SchemaDiffersError, tableOf, type MigrationFiles } from './differences.ts';
import { refusalByEventTrigger, switchOff } from './event-triggers.ts';
import { idMaker, lostIds, takeLostDefault } from './lost-ids.ts';
import { takenNames } from './names.ts';
import { unchangeableTypes, referredKeys, existingRelations, type Obstacles } from './obstacles.ts';
import { ownKeys } from './own-keys.ts';
import { partsOf } from './parts.ts';
import { wrongRows } from './rows.ts';
import { functionDifferences, surroundings } from './surroundings.ts';
import { switchedOff } from './switched-off.ts';
import { tryInSavepoint } from './try-in-savepoint.ts';
import { rowsWithoutTarget, rowsWithSameKey, rowsWithoutValue } from './unfit-rows.ts';

export { SchemaDiffersError };

const uuidOssp = 'uuid-ossp';

/** What a database is to have when the comparison is over. */
export type Wanted = 'whole' | 'bots' | 'grown';

const mend = 'do what stands between the parentheses (docs/schema.md says why each matters)';
const hints: Record<Wanted, string> = {
  whole: `${mend}, leave the platform's tables as they are with \`npx roundsman db migrate --only bots\`, or point DATABASE_URL at another database; nothing was changed`,
  bots: `${mend}, or point DATABASE_URL at another database; nothing was changed`,
  grown: `${mend}; nothing was changed, and the bots go on: \`npx roundsman db migrate --only bots\` applies what is pending for them`,
};

class RolledBack extends Error {}

/**
 * Compares the documented tables that exist with the tables that their migrations would make, part by part: types,
 * lengths, defaults, NOT NULL, keys, indexes, triggers and the document's policies, and what switches one of them off.
 * Then it checks their rows against the rules of the engine's files. Additional tables, columns, indexes, triggers,
 * checks and restrictive policies are yours and may stay. These are differences: a permissive policy of your own,
 * because it would allow more than our policies do, and a migration may not drop it; a column that has to be given; a
 * check, a unique key or an exclusion on the bots' tables, into which the engine writes; and anything under a name that
 * a migration will give.
 *
 * Everything happens in one transaction that is always rolled back. Returns the tables that exist; throws {@link
 * SchemaDiffersError} with every difference, `others` before them.
 */
export async function documentedTables(
  db: Kysely<any>,
  files: MigrationFiles,
  wanted: Wanted = 'whole',
  others: string[] = [],
): Promise<Set<string>> {
  const tables = files.documented.map(({ name }) => tableOf(name));
  const existingTables = new Set<string>();
  const differences = [...others];
  await db
    .transaction()
    .execute(async (trx) => {
      for (const table of await findExistingTables(trx, tables)) existingTables.add(table);
      const around = await surroundings(trx, tables, wanted);
      differences.push(...around);
      await moveExtension(trx);
      const compared = await tryInSavepoint(trx, () => compare(trx, files, existingTables, wanted));
      const refusal = compared.ok ? null : await refusalByEventTrigger(trx, compared.error);
      if (compared.ok) differences.push(...compared.result);
      else if (refusal)
        differences.push(
          `event trigger ${refusal.trigger} refuses what a migration does, so that nothing more was compared: ${refusal.message} (${switchOff(refusal)})`,
        );
      else if (around.length === 0) throw compared.error;
      else
        differences.push(
          `the tables could not be compared: ${messageOf(compared.error)} (correct the other differences, then run it again)`,
        );
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  if (differences.length > 0) throw new SchemaDiffersError(differences, hints[wanted]);
  return existingTables;
}

/**
 * Moves uuid-ossp to the schema extensions, for the comparison only. That it is in another schema is a difference; the
 * comparison can find the other differences only when the extension is where the document has it.
 */
const moveExtension = (trx: Transaction<any>) =>
  tryInSavepoint(trx, async () => {
    const { rows } = await sql`
      SELECT FROM pg_extension WHERE extname = ${uuidOssp} AND extnamespace IS DISTINCT FROM to_regnamespace('extensions')`.execute(
      trx,
    );
    if (rows.length === 0) return;
    await sql`CREATE SCHEMA IF NOT EXISTS extensions`.execute(trx);
    await sql`ALTER EXTENSION ${sql.id(uuidOssp)} SET SCHEMA extensions`.execute(trx);
  });

async function findExistingTables(trx: Transaction<any>, tables: string[]): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY (${tables})`.execute(
    trx,
  );
  return rows.map(({ name }) => name);
}

/** The tables that this login may change, and whose rows it sees. */
async function ownedTables(
  trx: Transaction<any>,
  existingTables: Set<string>,
): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (${[...existingTables]}) AND pg_has_role(relowner, 'USAGE')`.execute(
    trx,
  );
  return new Set(rows.map(({ name }) => name));
}

/** Takes FORCE ROW LEVEL SECURITY off these tables, because it hides rows even from a table's owner. */
async function showAllRows(trx: Transaction<any>, existingTables: Set<string>): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity AND relname = ANY (${[...existingTables]})`.execute(
    trx,
  );
  for (const { name } of rows)
    await sql`ALTER TABLE ${sql.id('public', name)} NO FORCE ROW LEVEL SECURITY`.execute(trx);
}

// These files change documented tables, and can change their copies in scratch in the same way.
const vocabulariesAndIndexes = new Set(['v6_02_vocabularies', 'v6_03_foreign_keys']);

async function compare(
  trx: Transaction<any>,
  files: MigrationFiles,
  existingTables: Set<string>,
  wanted: Wanted,
): Promise<string[]> {
  const found = wanted === 'bots' ? [] : await functionDifferences(trx, existingTables);
  const findTakenNames = (additions: Set<string>) =>
    takenNames(trx, files, { existingTables, additions, wanted });
  if (existingTables.size === 0) return [...found, ...(await findTakenNames(new Set()))];
  const readable = await ownedTables(trx, existingTables);
  const sound = new Set(readable);
  await showAllRows(trx, readable);
  const actual = await partsOf(trx, 'public');

  const maker = await idMaker(trx);
  const obstacles: Obstacles = {
    types: new Map(),
    rows: new Map(),
    duplicates: new Map(),
    referred: await referredKeys(trx),
    relations: await existingRelations(trx, existingTables),
  };

  await sql.raw(`CREATE SCHEMA ${scratch}`).execute(trx);
  await sql.raw(`SET LOCAL search_path = ${scratch}, extensions`).execute(trx);
  await sql.raw('SET LOCAL check_function_bodies = off').execute(trx);
  for (const { text } of files.documented) await sql.raw(text).execute(trx);
  const expected = await partsOf(trx, scratch);
  for (const { name, text } of files.engine)
    if (vocabulariesAndIndexes.has(name.replace(/-rest$/, ''))) await sql.raw(text).execute(trx);
  const extended = await partsOf(trx, scratch);

  const keys = await ownKeys(trx, existingTables);
  // Names that the search for taken names leaves out: these keys are to be dropped, so they need no other name.
  const ownNames = new Set(keys.map(({ table, name }) => `${table}.${name}`));
  // These come first, because an index that follows may have the name of one of them.
  found.push(...keys.map(({ difference }) => difference));
  for (const table of readable) {
    const both = { documented: expected.get(table)!, existing: actual.get(table) ?? new Map() };
    for (const [column, obstacle] of await unchangeableTypes(trx, table, both))
      obstacles.types.set(column, obstacle);
    for (const [what, rows] of [
      ...(await rowsWithoutValue(trx, table, both)),
      ...(await rowsWithoutTarget(trx, table, both)),
    ])
      obstacles.rows.set(what, rows);
    for (const [key, duplicates] of await rowsWithSameKey(trx, table, both))
      obstacles.duplicates.set(key, duplicates);
  }
  const withoutIds: string[] = [];
  const foreignKeys: string[] = [];
  for (const table of [...existingTables].toSorted()) {
    const documented = expected.get(table)!;
    const existing = actual.get(table) ?? new Map<string, string>();
    if (maker !== 'installed' && takeLostDefault(documented, existing)) withoutIds.push(table);
    const ours = new Map([...extended.get(table)!].filter(([part]) => !documented.has(part)));
    const others = new Map([...existing].filter(([part]) => !ours.has(part)));
    const differing = differ(table, { expected: documented, actual: others }, obstacles);
    if (differing.length > 0) sound.delete(table);
    const isForeign = (each: string) => each.startsWith(`${table}: constraint FOREIGN KEY `);
    foreignKeys.push(...differing.filter(isForeign));
    found.push(
      ...differing.filter((each) => !isForeign(each)),
      ...differFromOurs(table, { additions: ours, documented }, existing),
    );
    for (const part of ours.keys()) ownNames.add(`${table}.${part.replace(/^\w+ /, '')}`);
  }
  // These come after the columns and keys of all tables, which they need.
  found.push(...foreignKeys);
  const needsIds = found.some((each) => each.includes('extensions.uuid_generate_v4()'));
  if (withoutIds.length > 0 || (maker === 'available' && needsIds))
    found.unshift(lostIds(maker, withoutIds));
  found.push(...(await switchedOff(trx, existingTables)));
  found.push(...(await findTakenNames(ownNames)));
  found.push(...(await wrongRows(trx, { readable, sound })));
  return found;
}
