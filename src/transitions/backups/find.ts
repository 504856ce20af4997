/**
 * The file of a lost backup is whole: its process was killed after the file had got its name, and before the row said so.
 *
 * From: lost, with the size and the SHA-256 that were noted before the file got its name.
 * To: success, not proven.
 * By: the next backup, after it has compared the file with both.
 * Locks: the backup.
 * Zero rows: it is not lost.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export async function findBackup(db: Db, id: string): Promise<void> {
  await db
    .updateTable('engine.backups')
    .set({ outcome: 'success', error_message: null, ended_at: sql<Date>`engine.now()` })
    .where('id', '=', id)
    .where('outcome', '=', 'lost')
    .execute();
}
