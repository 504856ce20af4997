/** Reads `engine.backups`. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** The text whose hash is the advisory lock under which a backup of a database is made. */
export const backupLock = 'roundsman backup';

/** Backups, the newest first. */
export const readBackups = (db: Db, limit: number) =>
  db
    .selectFrom('engine.backups')
    .selectAll()
    .orderBy('began_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();

export type BackupRow = Awaited<ReturnType<typeof readBackups>>[number];

export const readBackup = (db: Db, id: string): Promise<BackupRow | undefined> =>
  db.selectFrom('engine.backups').selectAll().where('id', '=', id).executeTakeFirst();

/** The newest one that was written to a file of this name. */
export const backupOfName = (db: Db, name: string): Promise<BackupRow | undefined> =>
  db
    .selectFrom('engine.backups')
    .selectAll()
    .where('file_name', '=', name)
    .where('outcome', '=', 'success')
    .where('removed_at', 'is', null)
    .orderBy('began_at', 'desc')
    .limit(1)
    .executeTakeFirst();

/** After the clock was set back, a backup of the future would hide for so long that none are made. */
const isPast = sql<boolean>`began_at <= engine.now() + interval '1 hour'`;

/** The newest backup whose file is there; `proven`: of those that were proven. None of the future. */
export const newestBackup = (
  db: Db,
  { proven }: { proven: boolean },
): Promise<BackupRow | undefined> =>
  db
    .selectFrom('engine.backups')
    .selectAll()
    .where('outcome', '=', 'success')
    .where('removed_at', 'is', null)
    .where(isPast)
    // One that failed a later proof, because its file was damaged since, is proven no more.
    .$if(proven, (query) =>
      query.where('proven_at', 'is not', null).where('proof_error', 'is', null),
    )
    .orderBy('began_at', 'desc')
    .limit(1)
    .executeTakeFirst();

export interface KeptBackup {
  id: string;
  host: string;
  file_name: string;
  /** of its file, as it was written */
  bytes: string;
  is_proven: boolean;
  /** whether it is older than the days that were asked for */
  is_old: boolean;
}

/** The backups that were written into a folder of this path, on any host, the newest first. */
export const backupsInFolder = (
  db: Db,
  { folder, days }: { folder: string; days: number },
): Promise<KeptBackup[]> =>
  db
    .selectFrom('engine.backups')
    .select((row) => [
      'id',
      'host',
      row.ref('file_name').$notNull().as('file_name'),
      row.ref('bytes').$notNull().as('bytes'),
      sql<boolean>`proven_at IS NOT NULL AND proof_error IS NULL`.as('is_proven'),
      sql<boolean>`began_at < engine.now() - make_interval(days => ${days})`.as('is_old'),
    ])
    .where('outcome', '=', 'success')
    .where('removed_at', 'is', null)
    .where('file_name', 'is not', null)
    .where('folder', '=', folder)
    .orderBy('began_at', 'desc')
    .orderBy('id')
    .execute();

/**
 * Lost backups, as far as it is not known that nothing is left of what they had written. `before`: the file of the last one that was written
 * into the same folder before.
 */
export const lostInFolders = (db: Db) =>
  db
    .selectFrom('engine.backups')
    .select((row) => [
      row
        .selectFrom('engine.backups as other')
        .select('other.file_name')
        .where('other.outcome', '=', 'success')
        .where('other.removed_at', 'is', null)
        .whereRef('other.folder', '=', 'engine.backups.folder')
        .whereRef('other.began_at', '<', 'engine.backups.began_at')
        .orderBy('other.began_at', 'desc')
        .limit(1)
        .as('before'),
      'id',
      'host',
      row.ref('folder').$notNull().as('folder'),
      'file_name',
      'bytes',
      'sha256',
    ])
    .where('outcome', '=', 'lost')
    .where('removed_at', 'is', null)
    .where('folder', 'is not', null)
    .execute();

/** The ids of backups that failed and were to be written into this folder. */
export async function failedInFolder(db: Db, folder: string): Promise<string[]> {
  const rows = await db
    .selectFrom('engine.backups')
    .select('id')
    .where('outcome', '=', 'failed')
    .where('folder', '=', folder)
    .execute();
  return rows.map(({ id }) => id);
}

/** Whether a session holds the lock under which a backup of this database is made. */
export async function isBackupUnderWay(db: Db): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    SELECT EXISTS (
      SELECT FROM pg_locks, hashtextextended(${backupLock}, 0) AS key
      WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND objsubid = 1 AND granted
        AND classid::bigint = (key >> 32) & 4294967295 AND objid::bigint = key & 4294967295
    ) AS held`.execute(db);
  return rows[0]!.held;
}
