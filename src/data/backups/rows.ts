/** Reads `engine.backups`. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

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

/** The newest backup whose file is there; `proven`: of those that were proven. */
export const newestBackup = (
  db: Db,
  { proven }: { proven: boolean },
): Promise<BackupRow | undefined> =>
  db
    .selectFrom('engine.backups')
    .selectAll()
    .where('outcome', '=', 'success')
    .where('removed_at', 'is', null)
    .$if(proven, (query) => query.where('proven_at', 'is not', null))
    .orderBy('began_at', 'desc')
    .limit(1)
    .executeTakeFirst();

/**
 * Backups in this host's folder that are older than so many days, the oldest first. Never the newest that succeeded, and never the
 * newest that was proven.
 */
export async function expiredBackups(
  db: Db,
  { folder, host, days }: { folder: string; host: string; days: number },
): Promise<{ id: string; file_name: string }[]> {
  const newest = [
    await newestBackup(db, { proven: true }),
    await newestBackup(db, { proven: false }),
  ];
  const kept = newest.flatMap((each) => (each ? [each.id] : []));
  const rows = await db
    .selectFrom('engine.backups')
    .select(['id', 'file_name'])
    .where('outcome', '=', 'success')
    .where('removed_at', 'is', null)
    .where('folder', '=', folder)
    .where('host', '=', host)
    .where('began_at', '<', sql<Date>`engine.now() - make_interval(days => ${days})`)
    .$if(kept.length > 0, (query) => query.where('id', 'not in', kept))
    .orderBy('began_at')
    .execute();
  return rows.flatMap(({ id, file_name: name }) =>
    name === null ? [] : [{ id, file_name: name }],
  );
}
