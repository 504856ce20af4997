import { readdir, readFile } from 'node:fs/promises';
import { sql, type Kysely } from 'kysely';
import {
  Migrator,
  type Migration,
  type MigrationInfo,
  type MigrationProvider,
} from 'kysely/migration';
import { RoundsmanError, messageOf } from '../errors.ts';
import { documentedTables, tableOf, type DocumentedMigration } from './adopt.ts';

const folder = new URL('../../migrations/', import.meta.url);

/** A migration that the database refused; everything of that migration was rolled back. */
export class MigrationError extends RoundsmanError {}

async function readFiles(): Promise<DocumentedMigration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -'.sql'.length),
      text: await readFile(new URL(file, folder), 'utf8'),
    })),
  );
}

/** v1 to v5 tell the document; what comes after them is the engine's. */
const isDocumented = ({ name }: DocumentedMigration) => /^v[1-5]_/.test(name);

/**
 * Plain SQL files: one file, one migration, in the order of their names. There is no way down. The
 * files of tables that were adopted are recorded and not run.
 */
class SqlFiles implements MigrationProvider {
  readonly #adopted: Set<string>;

  constructor(adopted = new Set<string>()) {
    this.#adopted = adopted;
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const entries = (await readFiles()).map((file) => {
      const { name, text } = file;
      const run = !(isDocumented(file) && this.#adopted.has(tableOf(name)));
      const up = async (db: Kysely<any>) => void (run && (await sql.raw(text).execute(db)));
      return [name, { up }] as const;
    });
    return Object.fromEntries(entries);
  }
}

// Not in `public`: there Supabase's default grants would let `anon` delete the bookkeeping.
const migrator = (db: Kysely<any>, adopted?: Set<string>) =>
  new Migrator({ db, provider: new SqlFiles(adopted), migrationTableSchema: 'engine' });

/** Every migration with the time it was applied, undefined for a pending one. */
export const migrationStatus = (db: Kysely<any>): Promise<readonly MigrationInfo[]> =>
  migrator(db).getMigrations();

/** The documented tables of a database that has never been migrated. */
async function adoptable(db: Kysely<any>): Promise<Set<string> | undefined> {
  const isNew = async () =>
    (await migrationStatus(db)).every(({ executedAt }) => executedAt === undefined);
  if (!(await isNew())) return undefined;
  try {
    return await documentedTables(db, (await readFiles()).filter(isDocumented));
  } catch (error) {
    // Another process may have migrated it while we looked; then what differs is what we want.
    if (await isNew()) throw error;
    return undefined;
  }
}

/**
 * Applies all pending migrations in one transaction; concurrent callers wait for each other. Documented
 * tables that are there already are adopted if they agree with the document.
 * Returns the names that this call applied. Throws {@link MigrationError} naming the file, or
 * SchemaDiffersError with every difference.
 */
export async function migrateToLatest(db: Kysely<any>): Promise<string[]> {
  const adopted = await adoptable(db);
  const { error, results = [] } = await migrator(db, adopted).migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName;
    throw new MigrationError(
      {
        what: 'the database could not be migrated',
        why: failed ? `migrations/${failed}.sql: ${messageOf(error)}` : messageOf(error),
        hint: 'nothing of that file was kept; see `npx roundsman db status`, then run it again',
      },
      { cause: error },
    );
  }
  return results
    .filter((result) => result.status === 'Success')
    .map((result) => result.migrationName);
}
