/** The daily backup, as the settings say. */
import { UnprovenError } from '../../backup/restore/prove.ts';
import type { Figures } from '../../contract/job.ts';
import { backupRecipients } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { takeBackup } from './take.ts';
import { readBackupSettings } from './target.ts';

/** Throws UnprovenError for a backup that is there and was not equal to the database, so that the run fails. */
export async function backupAsSet(
  { db, url }: { db: Db; url: string },
  signal: AbortSignal,
): Promise<Figures> {
  const { folder, recipients, keepDays } = await readBackupSettings(db);
  if (folder === null)
    return {
      made: false,
      why: 'backup_folder is not set: npx roundsman settings backup_folder /var/backups/roundsman',
    };
  const taken = await takeBackup(
    { db, url, actor: { name: 'roundsman', role: 'owner' } },
    {
      target: { folder },
      recipients,
      recipientsFrom: backupRecipients,
      keepDays,
      prove: true,
      signal,
    },
  );
  if (!taken.proven)
    throw new UnprovenError({
      what: `the backup ${taken.file} was written, and is not proven`,
      why: taken.unproven!,
      hint: '`npx roundsman db backup verify` tries the proof again',
    });
  const { manifest, bytes, removed } = taken;
  return {
    made: true,
    proven: true,
    file: taken.file,
    bytes,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    left_out: manifest.leftOut.length,
    removed,
  };
}
