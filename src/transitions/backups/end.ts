/**
 * A backup ends: all of it was written, or it failed.
 *
 * From: running.
 * To: success, failed.
 * By: the process that makes it.
 * Locks: the backup.
 * Zero rows: another backup has found this one without its process, and has marked it as lost.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A backup as it was written. */
export interface WrittenBackup {
  file_name: string | null;
  server_version: string;
  /** a whole number, as text */
  bytes: string;
  sha256: string;
  tables: number;
  rows: string;
  left_out: number;
  taken_at: Date;
}

/** False for zero rows. `ending`: what was written, or why it failed. */
export async function endBackup(
  db: Db,
  id: string,
  ending: WrittenBackup | { error: string },
): Promise<boolean> {
  const failed = 'error' in ending;
  const { numUpdatedRows } = await db
    .updateTable('engine.backups')
    .set({
      outcome: failed ? 'failed' : 'success',
      ended_at: sql<Date>`engine.now()`,
      ...(failed ? { error_message: ending.error } : ending),
    })
    .where('id', '=', id)
    .where('outcome', '=', 'running')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
