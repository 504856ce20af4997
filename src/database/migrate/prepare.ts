import { sql } from 'kysely';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../connect.ts';
import { explainFault, isFull } from '../faults/explain-fault.ts';
import { extentOf } from './extent.ts';
import type { MigrateOptions } from './migrate.ts';
import { readMigrations } from './status.ts';
import { refuseNewer } from './version.ts';
import { hiddenFromLogin } from '../rights/hidden-from-login.ts';
import { explainForeignRole } from '../odd-role.ts';
import { isOutage } from '../faults/outage.ts';
import { refusalOf } from '../faults/refusal.ts';
import { explainUnloadable } from '../explain-unloadable.ts';

/** The most tables that a message names. */
const maxNamed = 5;

/** The oldest PostgreSQL that the migrations run on. */
const oldestServer = 15;

/** The database did not answer, is too old, or is not migrated. */
export class DatabaseNotReadyError extends RoundsmanError {
  override readonly retryable = true;
}

/** The server answered and refused the connection: the address has a wrong name, user or password. */
export class DatabaseRefusesError extends RoundsmanError {}

/**
 * Makes sure that the database answers, is new enough and has the schema that this code expects. With `migrate` it
 * applies the pending migrations, as far as `only` allows. With `url`, the database's address, messages can say more.
 * `before` is called before anything is written, and refuses the migration by throwing. Returns the names of the
 * migrations that it applied. Throws {@link DatabaseNotReadyError}, {@link DatabaseRefusesError}, NewerDatabaseError, and
 * the errors of `migrateToLatest`.
 */
export async function prepareDatabase(
  db: Db,
  {
    migrate,
    only,
    url,
    before,
  }: {
    migrate: boolean;
    only?: MigrateOptions['only'];
    url?: string;
    before?: (() => Promise<void>) | undefined;
  },
): Promise<string[]> {
  const version = await serverVersion(db, url);
  if (version < oldestServer)
    throw new DatabaseNotReadyError({
      what: 'this PostgreSQL is too old',
      why: `it is version ${version}, and the schema needs ${oldestServer} or newer`,
      hint: 'point DATABASE_URL at a newer server, or unset it to use the embedded one',
    });
  await requireAccess(db);
  await requireAllRows(db);
  const migrations = await readMigrations(db);
  await refuseNewer(db, migrations);
  await before?.();
  if (migrate) {
    // Loaded only here: commands that read migrate nothing.
    const { migrateToLatest } = await import('./migrate.ts');
    return migrateToLatest(db, { only }).catch(async (error: unknown) => {
      throw await withForeignRole(db, error);
    });
  }
  const pending = migrations.known.filter((migration) => !migration.executedAt);
  if (pending.length > 0)
    throw new DatabaseNotReadyError({
      what: 'the database is not migrated',
      why:
        pending.length === 1
          ? `1 migration is pending: ${pending[0]!.name}`
          : `${pending.length} migrations are pending, the first is ${pending[0]!.name}`,
      hint: `run \`npx roundsman db migrate${(await extentOf(db)) === 'bots' ? ' --only bots' : ''}\``,
    });
  return [];
}

/**
 * To a role without access, a migrated database looks like one that is not migrated: this reports the missing access
 * instead.
 */
async function requireAccess(db: Db): Promise<void> {
  const { rows } = await sql<{ role: string; denied: string | null }>`
    SELECT current_user AS role,
           CASE WHEN to_regnamespace('engine') IS NULL THEN NULL
                WHEN NOT has_schema_privilege('engine', 'USAGE') THEN 'use the schema engine'
                WHEN NOT has_table_privilege(records.oid, 'SELECT') THEN 'read engine.kysely_migration' END AS denied
    FROM (SELECT 1) one
    LEFT JOIN pg_class records
      ON records.relname = 'kysely_migration' AND records.relnamespace = to_regnamespace('engine')`.execute(
    db,
  );
  const { role, denied } = rows[0]!;
  if (!denied) return;
  const refused = new DatabaseRefusesError({
    what: 'this database role may not see whether the database is migrated',
    why: `${role} may not ${denied}`,
    hint: 'connect as the owner of the tables or as service_role',
  });
  throw await withForeignRole(db, refused);
}

/**
 * Refuses a role from which row level security hides rows. To such a role, a database that is in use looks empty, and
 * every answer would be wrong.
 */
async function requireAllRows(db: Db): Promise<void> {
  const { role, tables, forced } = await hiddenFromLogin(db);
  if (tables.length === 0) return;
  const listNames = (names: string[]) =>
    `${names.slice(0, maxNamed).join(', ')}${names.length > maxNamed ? ` and ${names.length - maxNamed} more` : ''}`;
  const refused = new DatabaseRefusesError({
    what: 'this database role does not see all rows',
    why: `row level security hides rows of ${listNames(tables)} from ${role}${forced.length > 0 ? ', who owns them: it is forced on the owner too (FORCE ROW LEVEL SECURITY)' : ''}`,
    hint:
      forced.length > 0
        ? forced.map((table) => `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`).join('; ')
        : 'connect as the owner of the tables or as service_role',
  });
  throw await withForeignRole(db, refused);
}

/**
 * Returns the error that was given. If a PostgreSQL setting gave the session another role, this may be the reason: then
 * the message says so first.
 */
async function withForeignRole(db: Db, error: unknown): Promise<unknown> {
  if (isOutage(error) || !(error instanceof RoundsmanError)) return error;
  const foreignRole = await explainForeignRole(db).catch(() => null);
  if (!foreignRole) return error;
  const { what, why, hint } = error;
  const explained = `${foreignRole.what} (${foreignRole.why})`;
  return new DatabaseRefusesError(
    { what, why: `${explained}; ${why}`, hint: `${foreignRole.hint}; or ${hint}` },
    { cause: error },
  );
}

async function serverVersion(db: Db, url?: string): Promise<number> {
  try {
    const { rows } = await sql<{ version: number }>`
      SELECT current_setting('server_version_num')::int / 10000 AS version`.execute(db);
    return rows[0]!.version;
  } catch (error) {
    if (error instanceof RoundsmanError) throw error;
    const refused = refusalOf(error) ?? (url ? await explainUnloadable(url, error) : null);
    if (refused) throw new DatabaseRefusesError(refused, { cause: error });
    // The server runs, but has no free connection.
    const full = isFull(error) ? explainFault(error) : null;
    if (full) throw new DatabaseNotReadyError(full, { cause: error });
    throw new DatabaseNotReadyError(
      {
        what: 'the database cannot be reached',
        why: messageOf(error),
        hint: 'check that PostgreSQL runs and that DATABASE_URL names it; `npx roundsman doctor` looks closer',
      },
      { cause: error },
    );
  }
}
