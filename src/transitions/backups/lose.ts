/**
 * Backups whose process has ended without a word.
 *
 * From: running.
 * To: lost.
 * By: the next backup, under the lock that lets only one backup of a database be made at a time.
 * Locks: those backups.
 * Zero rows: every backup has ended.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export async function loseBackups(db: Db): Promise<void> {
  await db
    .updateTable('engine.backups')
    .set({
      outcome: 'lost',
      ended_at: sql<Date>`engine.now()`,
      error_message: 'its process ended before the backup was written',
    })
    .where('outcome', '=', 'running')
    .execute();
}
