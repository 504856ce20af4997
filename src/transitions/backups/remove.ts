/**
 * Retention has removed the file of a backup, or the next backup what a lost one had written.
 *
 * From: success, its file there; or lost.
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
