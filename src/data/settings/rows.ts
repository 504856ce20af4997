/** Single values in `engine.settings`: where the engine itself may reach outside. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { problemOfWebAddress } from '../../ground/addresses/http-address.ts';

/** The address by which a worker learns whether it can reach anything outside. */
export const connectivityUrl = 'connectivity_url';
/** The hosts to which remedies may send requests. */
export const httpHosts = 'http_hosts';

/** The address at which other systems reach `roundsman web`. */
export const webUrl = 'web_url';
/** The folder into which the job `backup` writes; without it there are no backups. */
export const backupFolder = 'backup_folder';
/** For whom backups are encrypted: recipients of age. */
export const backupRecipients = 'backup_recipients';
/** After how many days a backup is removed. */
export const backupKeepDays = 'backup_keep_days';

/** When the job `maintenance` works: hours of the week, or `off`. */
export const maintenanceHours = 'maintenance_hours';

export interface StoredSetting {
  value: unknown;
  /** null until a person changes it */
  changed_by: string | null;
  changed_at: Date | null;
}

/** Undefined where it is not set. */
export const readSetting = (db: Db, key: string): Promise<StoredSetting | undefined> =>
  db
    .selectFrom('engine.settings')
    .select(['value', 'changed_by', 'changed_at'])
    .where('key', '=', key)
    .executeTakeFirst();

/** The address of `roundsman web`, without a slash at its end; null where none is set that can be used. */
export async function readWebUrl(db: Db): Promise<string | null> {
  const address = (await readSetting(db, webUrl))?.value;
  if (typeof address !== 'string' || problemOfWebAddress(address) !== null) return null;
  return address.replace(/\/+$/, '');
}

/**
 * The same, and no other session that locks it changes it until the end of the transaction. Where it is not set, there is no row to
 * lock: an advisory lock, which is taken first, has the second session wait.
 */
export async function lockSetting(
  trx: Transaction<Database>,
  key: string,
): Promise<StoredSetting | undefined> {
  await lockKeys(trx, [key]);
  return trx
    .selectFrom('engine.settings')
    .select(['value', 'changed_by', 'changed_at'])
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirst();
}

/** Waits for other sessions that set or clear these keys; held until the end of the transaction. */
export async function lockKeys(db: Db, keys: readonly string[]): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(hashtextextended('setting ' || key, 0))
    FROM (SELECT unnest(${keys}::text[]) AS key ORDER BY 1) sorted`.execute(db);
}

/** Sets it for every process, from its next use on. */
export async function writeSetting(
  db: Db,
  { key, value, by }: { key: string; value: unknown; by: string },
): Promise<void> {
  await lockKeys(db, [key]);
  const row = { value: JSON.stringify(value), changed_at: sql<Date>`engine.now()`, changed_by: by };
  await db
    .insertInto('engine.settings')
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute();
}

/** Returns whether it was set. */
export async function removeSetting(db: Db, key: string): Promise<boolean> {
  await lockKeys(db, [key]);
  const { numDeletedRows } = await db
    .deleteFrom('engine.settings')
    .where('key', '=', key)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
