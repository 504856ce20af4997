/**
 * A backup was restored: in its own rows it was still being made. It is known now what it became, because it was read; others that were
 * being made belong to the past.
 *
 * From: running.
 * To: success for the one that was restored, with its size and SHA-256 as they were read; lost for others, their files left alone.
 * By: whoever restores a backup (`db restore`), before the restored database is seen by any other session.
 * Locks: those backups.
 * Zero rows: the database was backed up by something else than its own Roundsman.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { WrittenBackup } from './end.ts';

export async function endRestoredBackups(
  db: Db,
  id: string,
  { file_name: name, ...written }: WrittenBackup,
): Promise<void> {
  await sql`
    UPDATE engine.backups SET file_name = CASE WHEN folder IS NOT NULL THEN ${name} END
    WHERE outcome = 'running' AND id::text = ${id}`.execute(db);
  await db
    .updateTable('engine.backups')
    .set({ ...written, outcome: 'success', ended_at: sql<Date>`engine.now()` })
    .where('outcome', '=', 'running')
    .where(sql<boolean>`id::text = ${id}`)
    .execute();
  await db
    .updateTable('engine.backups')
    .set({
      outcome: 'lost',
      ended_at: sql<Date>`engine.now()`,
      removed_at: sql<Date>`engine.now()`,
      error_message: 'the database was restored from a backup that was made at the same time',
    })
    .where('outcome', '=', 'running')
    .execute();
}
