/**
 * A backup is begun.
 *
 * From: none.
 * To: running.
 * By: the job `backup`, or `db backup`, under the lock that lets only one backup of a database be made at a time.
 * Locks: nothing.
 * Zero rows: never.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface BegunBackup {
  folder: string | null;
  host: string;
  encrypted: boolean;
  by: string;
}

/** The id of its row, and the database's time. */
export async function beginBackup(
  db: Db,
  { folder, host, encrypted, by }: BegunBackup,
): Promise<{ id: string; began_at: Date }> {
  return db
    .insertInto('engine.backups')
    .values({
      target: folder === null ? 'command' : 'folder',
      folder,
      host,
      encrypted,
      requested_by: by,
      began_at: sql<Date>`engine.now()`,
    })
    .returning(['id', 'began_at'])
    .executeTakeFirstOrThrow();
}
