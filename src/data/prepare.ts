import { sql } from 'kysely';
import { messageOf, RoundsmanError } from '../errors.ts';
import type { Db } from './connect.ts';
import { migrateToLatest, migrationStatus } from './migrate.ts';

/** The oldest PostgreSQL that the migrations run on. */
const oldestServer = 15;

/** The database did not answer, is too old, or is not migrated. */
export class DatabaseNotReady extends RoundsmanError {
  override readonly retryable = true;
}

/**
 * Makes sure that the database answers, is new enough and has the schema that this code expects;
 * with `migrate` it applies what is pending. Returns the names of the migrations it applied.
 */
export async function prepareDatabase(
  db: Db,
  { migrate }: { migrate: boolean },
): Promise<string[]> {
  const version = await serverVersion(db);
  if (version < oldestServer)
    throw new DatabaseNotReady({
      what: 'this PostgreSQL is too old',
      why: `it is version ${version}, and the schema needs ${oldestServer} or newer`,
      hint: 'point DATABASE_URL at a newer server, or unset it to use the embedded one',
    });
  if (migrate) return migrateToLatest(db);
  const pending = (await migrationStatus(db)).filter((migration) => !migration.executedAt);
  if (pending.length > 0)
    throw new DatabaseNotReady({
      what: 'the database is not migrated',
      why: `${pending.length} migrations are pending, the first is ${pending[0]!.name}`,
      hint: 'run `roundsman db migrate`',
    });
  return [];
}

async function serverVersion(db: Db): Promise<number> {
  try {
    const { rows } = await sql<{ version: number }>`
      SELECT current_setting('server_version_num')::int / 10000 AS version`.execute(db);
    return rows[0]!.version;
  } catch (error) {
    throw new DatabaseNotReady(
      {
        what: 'the database cannot be reached',
        why: messageOf(error),
        hint: 'check that PostgreSQL runs and that DATABASE_URL names it; `roundsman doctor` looks closer',
      },
      { cause: error },
    );
  }
}
