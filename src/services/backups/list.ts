import { isBackupUnderWay, readBackups, type BackupRow } from '../../data/backups/rows.ts';
import type { Db } from '../../database/connect.ts';

export type { BackupRow } from '../../data/backups/rows.ts';

/**
 * Backups, the newest first, `limit` at most. One whose process was killed is shown as lost at once; the next backup writes that
 * down, and removes what the killed process had written.
 */
export async function listBackups(db: Db, limit: number): Promise<BackupRow[]> {
  const rows = await readBackups(db, limit);
  if (!rows.some(({ outcome }) => outcome === 'running') || (await isBackupUnderWay(db)))
    return rows;
  // One may have ended between the two questions.
  const again = await readBackups(db, limit);
  return again.map((row) =>
    row.outcome === 'running'
      ? {
          ...row,
          outcome: 'lost',
          error_message: 'its process has ended; the next backup removes what it had written',
        }
      : row,
  );
}
