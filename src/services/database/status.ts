import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { migrationStatus } from '../../database/migrate/status.ts';
import { recordedBackend } from '../../queue/backend.ts';

/** The server's own version, `18.4`. */
export async function serverVersion(db: Db): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`SHOW server_version`.execute(db);
  return rows[0]!.server_version;
}

/** The queue backend that the processes on this database use; null before the first process, and before the first migration. */
async function queueOf(db: Db): Promise<string | null> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('engine.settings') IS NOT NULL AS there`.execute(db);
  return rows[0]!.there ? await recordedBackend(db) : null;
}

/**
 * The server's version, the queue backend, and every migration with the time at which it was applied, null for a pending one.
 * `whole` is false if only the bots are installed.
 */
export async function databaseStatus(db: Db) {
  const version = await serverVersion(db);
  const queue = await queueOf(db);
  const migrations = (await migrationStatus(db)).map(({ name, executedAt }) => ({
    name,
    timestamp: executedAt ?? null,
  }));
  return { version, queue, migrations, whole: await hasPlatform(db) };
}
