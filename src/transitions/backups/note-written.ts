/**
 * All of a backup is on the disk, still under its temporary name: from now on its row tells whether a file of its name is whole.
 *
 * From: running.
 * To: running, with the name, the size and the SHA-256 of its file, and what is in it.
 * By: the process that makes it.
 * Locks: the backup.
 * Zero rows: another backup has found this one without its process, and has marked it as lost.
 */
import type { Db } from '../../database/connect.ts';
import type { WrittenBackup } from './end.ts';

/** False for zero rows. */
export async function noteWritten(db: Db, id: string, written: WrittenBackup): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('engine.backups')
    .set(written)
    .where('id', '=', id)
    .where('outcome', '=', 'running')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
