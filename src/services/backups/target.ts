/** Where backups go, as the settings say. */
import {
  backupFolder,
  backupKeepDays,
  backupRecipients,
  readSetting,
} from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';

/** How long backups are kept unless the settings say otherwise: the platform's documentation promises 30 days. */
const usualKeepDays = 30;

export interface BackupSettings {
  /** null: no backups are made */
  folder: string | null;
  recipients: string[];
  keepDays: number;
}

export async function readBackupSettings(db: Db): Promise<BackupSettings> {
  const [folder, recipients, days] = await Promise.all(
    [backupFolder, backupRecipients, backupKeepDays].map(
      async (name) => (await readSetting(db, name))?.value,
    ),
  );
  return {
    folder: typeof folder === 'string' && folder !== '' ? folder : null,
    // A value by hand that is no list stays a recipient that does not fit, so that no backup is left open.
    recipients:
      recipients === undefined || recipients === null
        ? []
        : Array.isArray(recipients)
          ? recipients.map(String)
          : [JSON.stringify(recipients)],
    keepDays:
      typeof days === 'number' && Number.isInteger(days) && days >= 1 ? days : usualKeepDays,
  };
}
