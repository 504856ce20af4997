import { readBackups, type BackupRow } from '../../data/backups/rows.ts';
import type { Db } from '../../database/connect.ts';

export type { BackupRow } from '../../data/backups/rows.ts';

/** Backups, the newest first, `limit` at most. */
export const listBackups = (db: Db, limit: number): Promise<BackupRow[]> => readBackups(db, limit);
