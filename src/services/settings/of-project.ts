/** Stores the settings of the project's config, as a process of the engine does at its start. */
import { backupRecipients } from '../../data/settings/rows.ts';
import { writeConfigSettings } from '../../data/settings/of-config.ts';
import { refuseUnfitRecipients } from '../../backup/archive/seal.ts';
import type { Db } from '../../database/connect.ts';
import type { SettingName } from './kinds/index.ts';

/**
 * A value that a person has set wins. What an earlier config has set and this one does not name is taken away. Returns the names of the
 * settings that were changed. Throws UsageError for a recipient of backups that age does not know.
 */
export async function storeProjectSettings(
  db: Db,
  settings: readonly { name: SettingName; value: unknown }[],
): Promise<string[]> {
  const recipients = settings.find(({ name }) => name === backupRecipients);
  if (recipients) await refuseUnfitRecipients(recipients.value as string[]);
  return writeConfigSettings(db, settings);
}
