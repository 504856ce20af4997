import { readdir, readFile } from 'node:fs/promises';
import { sql, type Kysely } from 'kysely';
import {
  Migrator,
  type Migration,
  type MigrationInfo,
  type MigrationProvider,
} from 'kysely/migration';
import { RoundsmanError, messageOf } from '../../ground/errors.ts';
import { documentedTables } from './adopt.ts';
import { tableOf, type MigrationFile } from './differences.ts';
import { lockTables, TablesInUseError } from './lock-tables.ts';

const folder = new URL('../../../migrations/', import.meta.url);

/** The database refused a migration; everything was rolled back. */
export class MigrationError extends RoundsmanError {}

async function readFiles(): Promise<MigrationFile[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -'.sql'.length),
      text: await readFile(new URL(file, folder), 'utf8'),
    })),
  );
}

/** v1 to v5 are the documented tables; the files after them are the engine's. */
const isDocumented = ({ name }: MigrationFile) => /^v[1-5]_/.test(name);

/**
 * Plain SQL files: one file is one migration, in the order of their names. There are no down migrations. The files of
 * adopted tables are recorded and not run.
 */
class SqlFiles implements MigrationProvider {
  readonly #adopted: Set<string>;
  #hasTables = false;

  constructor(adopted = new Set<string>()) {
    this.#adopted = adopted;
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const entries = (await readFiles()).map((file) => {
      const { name, text } = file;
      const run = !(isDocumented(file) && this.#adopted.has(tableOf(name)));
      const up = async (db: Kysely<any>) => {
        // All files run in one transaction.
        if (!this.#hasTables) await lockTables(db);
        this.#hasTables = true;
        if (run) await sql.raw(text).execute(db);
      };
      return [name, { up }] as const;
    });
    return Object.fromEntries(entries);
  }
}

// Not in `public`: there Supabase's default grants would let `anon` delete the records of the migrations.
const migrator = (db: Kysely<any>, adopted?: Set<string>) =>
  new Migrator({ db, provider: new SqlFiles(adopted), migrationTableSchema: 'engine' });

/** Every migration with the time it was applied, undefined for a pending one. */
export const migrationStatus = (db: Kysely<any>): Promise<readonly MigrationInfo[]> =>
  migrator(db).getMigrations();

const isNew = async (db: Kysely<any>) =>
  (await migrationStatus(db)).every(({ executedAt }) => executedAt === undefined);

/** The documented tables of a database that has never been migrated. */
async function adoptable(db: Kysely<any>): Promise<Set<string> | undefined> {
  if (!(await isNew(db))) return undefined;
  // Takes the migrator's own lock: without it, this comparison would see half of another process's migration, and the
  // two would deadlock on the tables.
  const { adapter } = db.getExecutor();
  const lock = { lockTable: 'kysely_migration_lock', lockRowId: 'migration_lock' };
  await adapter.acquireMigrationLock(db, lock);
  try {
    if (!(await isNew(db))) return undefined;
    const files = await readFiles();
    return await documentedTables(db, {
      documented: files.filter(isDocumented),
      engine: files.filter((file) => !isDocumented(file)),
    });
  } finally {
    await adapter.releaseMigrationLock(db, lock);
  }
}

/**
 * Applies all pending migrations in one transaction; concurrent callers wait for each other. Existing documented
 * tables are adopted if they and their rows agree with the document. Workers may keep running: their statements wait.
 * Returns the names of the migrations that this call applied. Throws {@link MigrationError} naming the file,
 * SchemaDiffersError with every difference, or TablesInUseError.
 */
export const migrateToLatest = (db: Kysely<any>): Promise<string[]> =>
  db.connection().execute(async (connection) => {
    const { rows } = await sql<{ was: string }>`
      SELECT current_setting('statement_timeout') AS was`.execute(connection);
    const limit = (to: string) =>
      sql`SELECT set_config('statement_timeout', ${to}, false)`.execute(connection);
    // No time limit: checking the rows of a platform may take long, and so may waiting for another process.
    await limit('0');
    try {
      return await migrateOn(connection);
    } finally {
      // Not RESET, which restores the role's setting and not the session's. On a lost connection there is nothing to
      // restore: the caller gets the error that lost it, and not the error of this statement.
      await limit(rows[0]!.was).catch(() => {});
    }
  });

async function migrateOn(db: Kysely<any>): Promise<string[]> {
  const adopted = await adoptable(db);
  const { error, results = [] } = await migrator(db, adopted).migrateToLatest();
  if (error instanceof TablesInUseError) throw error;
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName;
    throw new MigrationError(
      {
        what: 'the database could not be migrated',
        why: failed ? `migrations/${failed}.sql: ${messageOf(error)}` : messageOf(error),
        hint: 'nothing was changed; see `npx roundsman db status`, then run it again',
      },
      { cause: error },
    );
  }
  return results
    .filter((result) => result.status === 'Success')
    .map((result) => result.migrationName);
}
