import { sql, type Kysely, type Transaction } from 'kysely';
import { Migrator, type Migration, type MigrationProvider } from 'kysely/migration';
import { RoundsmanError, messageOf, UsageError } from '../../ground/errors.ts';
import { noteContext } from '../rows/change-context.ts';
import { documentedTables } from './adopt.ts';
import { alone, buildIndexes } from './build-indexes.ts';
import { SchemaDiffersError, tableOf, type MigrationFile } from './differences.ts';
import { refusalByEventTrigger, switchOff } from './event-triggers.ts';
import { extentOf, filesOf, type Extent } from './extent.ts';
import { lockTables, TablesInUseError } from './lock-tables.ts';
import { takenByUpgrade } from './names.ts';
import { noteVersion } from './version.ts';

/** The database refused a migration; everything was rolled back. */
export class MigrationError extends RoundsmanError {}

/** The database has the whole schema already: there is nothing to leave out. */
export class WholeSchemaError extends UsageError {}

/** v1 to v5 are the documented tables; the files after them are the engine's. */
const isDocumented = ({ name }: MigrationFile) => /^v[1-5]_/.test(name);

/**
 * Plain SQL files: one file is one migration, in the order of their names. There are no down migrations. The files of
 * adopted tables are recorded and not run.
 */
class SqlFiles implements MigrationProvider {
  readonly #extent: Exclude<Extent, 'none'>;
  readonly #adopted: Set<string>;
  #hasTables = false;

  constructor(extent: Exclude<Extent, 'none'>, adopted = new Set<string>()) {
    this.#extent = extent;
    this.#adopted = adopted;
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const entries = (await filesOf(this.#extent)).map((file) => {
      const { name, text } = file;
      const run = !(isDocumented(file) && this.#adopted.has(tableOf(name)));
      const up = async (db: Kysely<any>) => {
        // All files run in one transaction.
        if (!this.#hasTables) await lockTables(db);
        this.#hasTables = true;
        // The history of definitions says which migration changed one.
        await noteContext(db as Transaction<any>, {
          actor: 'roundsman',
          source: 'migration',
          place: name,
        });
        if (run) await sql.raw(text).execute(db);
      };
      return [name, { up }] as const;
    });
    return Object.fromEntries(entries);
  }
}

// Not in `public`: there Supabase's default grants would let `anon` delete the records of the migrations.
const migrator = (db: Kysely<any>, extent: Exclude<Extent, 'none'>, provider: MigrationProvider) =>
  new Migrator({
    db,
    provider,
    migrationTableSchema: 'engine',
    // By their names, the files that are added later stand before some files of the bots that were applied first.
    allowUnorderedMigrations: extent === 'grown',
    // Compares the codes of the characters, so that `v6_95_access-rest` comes before `v6_95_access_apps`.
    nameComparator: (a, b) => (a < b ? -1 : Number(a > b)),
  });

/**
 * Searches for obstacles before anything is migrated. Returns the documented tables that exist although their migrations
 * were not applied yet: these are adopted. Returns undefined where there is nothing to adopt. Throws SchemaDiffersError.
 */
async function tablesToAdopt(
  db: Kysely<any>,
  { has, wanted }: { has: Extent; wanted: Exclude<Extent, 'none'> },
): Promise<Set<string> | undefined> {
  // Holds the migrator's own lock: without it, a comparison while another process migrates would see half of the
  // migration, and the two would deadlock on the tables.
  const { adapter } = db.getExecutor();
  const lock = { lockTable: 'kysely_migration_lock', lockRowId: 'migration_lock' };
  await adapter.acquireMigrationLock(db, lock);
  try {
    if ((await extentOf(db)) !== has) return undefined;
    const taken = has === 'none' ? [] : await takenByPending(db, has === 'bots' ? has : wanted);
    if (has !== 'none' && (has !== 'bots' || wanted !== 'grown')) {
      if (taken.length > 0) throw new SchemaDiffersError(taken, upgradeHint, { isUpgrade: true });
      return undefined;
    }
    const done = new Set(has === 'none' ? [] : (await filesOf('bots')).map(({ name }) => name));
    const files = (await filesOf(wanted)).filter(({ name }) => !done.has(name));
    return await documentedTables(
      db,
      {
        documented: files.filter(isDocumented),
        engine: files.filter((file) => !isDocumented(file)),
      },
      wanted,
      taken,
    );
  } finally {
    await adapter.releaseMigrationLock(db, lock);
  }
}

const upgradeHint =
  'do what stands between the parentheses: pending migrations give these names; nothing was changed';

/** The files of this extent that were not applied. */
async function pendingFiles(db: Kysely<any>, extent: Exclude<Extent, 'none'>) {
  const { rows } = await sql<{ name: string }>`SELECT name FROM engine.kysely_migration`.execute(
    db,
  );
  const names = new Set(rows.map(({ name }) => name));
  return (await filesOf(extent)).filter(({ name }) => !names.has(name));
}

/** The differences for the platform's objects that have a name which a pending migration will give. */
async function takenByPending(db: Kysely<any>, extent: Exclude<Extent, 'none'>): Promise<string[]> {
  const pending = await pendingFiles(db, extent);
  if (pending.length === 0) return [];
  const isPending = new Set(pending.map(({ name }) => name));
  const applied = (await filesOf(extent)).filter(({ name }) => !isPending.has(name));
  return db.transaction().execute((trx) => takenByUpgrade(trx, { applied, pending }));
}

export interface MigrateOptions {
  /** bots: leaves out the platform's tables. present: leaves them out where they were left out before. */
  only?: 'bots' | 'present' | undefined;
}

/**
 * Applies all pending migrations in one transaction; concurrent callers wait for each other. Existing documented
 * tables are adopted if they and their rows agree with the document. Workers may keep running: their statements wait.
 * Where only the bots are installed, the rest is added unless `only` says otherwise.
 *
 * Returns the names of the migrations that this call applied. Throws {@link MigrationError} naming the file,
 * SchemaDiffersError with every difference, {@link WholeSchemaError}, or TablesInUseError.
 */
export const migrateToLatest = (db: Kysely<any>, options: MigrateOptions = {}): Promise<string[]> =>
  db.connection().execute(async (connection) => {
    const { rows } = await sql<{ was: string }>`
      SELECT current_setting('statement_timeout') AS was`.execute(connection);
    const setTimeLimit = (to: string) =>
      sql`SELECT set_config('statement_timeout', ${to}, false)`.execute(connection);
    // No time limit: checking the rows of a platform may take long, and so may waiting for another process.
    await setTimeLimit('0');
    try {
      return await migrateOn(connection, options);
    } finally {
      // Not RESET, which restores the role's setting and not the session's. On a lost connection there is nothing to
      // restore: the caller gets the error that lost it, and not the error of this statement.
      await setTimeLimit(rows[0]!.was).catch(() => {});
    }
  });

/** How much of the schema the database is to have after this migration, by what it has now. */
function targetAfter(has: Extent, { only }: MigrateOptions): Exclude<Extent, 'none'> {
  if (only === 'present' && has === 'bots') return 'bots';
  if (only !== 'bots') return has === 'none' || has === 'whole' ? 'whole' : 'grown';
  if (has === 'none' || has === 'bots') return 'bots';
  throw new WholeSchemaError({
    what: '--only bots leaves out what this database has',
    why: "the platform's tables were migrated as well",
    hint: '`npx roundsman db migrate`',
  });
}

async function migrateOn(db: Kysely<any>, options: MigrateOptions): Promise<string[]> {
  const has = await extentOf(db);
  const wanted = targetAfter(has, options);
  const adopted = await alone(db, async () => {
    const tables = await tablesToAdopt(db, { has, wanted });
    if (has !== 'none') await buildIndexes(db, await pendingFiles(db, wanted));
    return tables;
  });
  const { error, results = [] } = await migrator(
    db,
    wanted,
    new SqlFiles(wanted, adopted),
  ).migrateToLatest();
  if (error instanceof TablesInUseError) throw error;
  if (error !== undefined) {
    const refusal = await refusalByEventTrigger(db, error).catch(() => null);
    const failed = results.find((result) => result.status === 'Error')?.migrationName;
    throw new MigrationError(
      {
        what: 'the database could not be migrated',
        why: `${failed ? `migrations/${failed}.sql: ` : ''}${refusal ? `event trigger ${refusal.trigger} refuses it: ` : ''}${messageOf(error)}`,
        hint: refusal
          ? `${switchOff(refusal)}, and ENABLE it after the migration; nothing was changed`
          : 'nothing was changed; see `npx roundsman db status`, then run it again',
      },
      { cause: error },
    );
  }
  const applied = results
    .filter((result) => result.status === 'Success')
    .map((result) => result.migrationName);
  if (applied.length > 0) await noteVersion(db);
  return applied;
}
