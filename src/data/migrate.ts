import { readdir, readFile } from 'node:fs/promises';
import { sql, type Kysely } from 'kysely';
import {
  Migrator,
  type Migration,
  type MigrationInfo,
  type MigrationProvider,
} from 'kysely/migration';
import { RoundsmanError, messageOf } from '../errors.ts';

const folder = new URL('../../migrations/', import.meta.url);

/** A migration that the database refused; everything of that migration was rolled back. */
export class MigrationError extends RoundsmanError {}

/** Plain SQL files: one file, one migration, in the order of their names. There is no way down. */
class SqlFiles implements MigrationProvider {
  async getMigrations(): Promise<Record<string, Migration>> {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).toSorted();
    const migrations: Record<string, Migration> = {};
    for (const file of files) {
      const text = await readFile(new URL(file, folder), 'utf8');
      migrations[file.slice(0, -'.sql'.length)] = {
        up: async (db) => void (await sql.raw(text).execute(db)),
      };
    }
    return migrations;
  }
}

// Not in `public`: there Supabase's default grants would let `anon` delete the bookkeeping.
const migrator = (db: Kysely<any>) =>
  new Migrator({ db, provider: new SqlFiles(), migrationTableSchema: 'engine' });

/** Every migration with the time it was applied, undefined for a pending one. */
export const migrationStatus = (db: Kysely<any>): Promise<readonly MigrationInfo[]> =>
  migrator(db).getMigrations();

/**
 * Applies all pending migrations; concurrent callers wait for each other.
 * Returns the names that this call applied. Throws {@link MigrationError} naming the file.
 */
export async function migrateToLatest(db: Kysely<any>): Promise<string[]> {
  const { error, results = [] } = await migrator(db).migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName;
    throw new MigrationError(
      {
        what: 'the database could not be migrated',
        why: failed ? `migrations/${failed}.sql: ${messageOf(error)}` : messageOf(error),
        hint: 'nothing of that file was kept; see `roundsman db status`, then run it again',
      },
      { cause: error },
    );
  }
  return results
    .filter((result) => result.status === 'Success')
    .map((result) => result.migrationName);
}
