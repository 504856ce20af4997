/**
 * Retention has removed the file of a backup.
 *
 * From: success, its file there.
 * To: `removed_at` set.
 * By: whoever made a newer backup.
 * Locks: the backup.
 * Zero rows: it is noted already.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export async function noteRemoved(db: Db, id: string): Promise<void> {
  await db
    .updateTable('engine.backups')
    .set({ removed_at: sql<Date>`engine.now()` })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .execute();
}
