/** What `db backup` asks for: the target that was named, or the one of the settings. */
import { backupRecipients } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { resolve } from 'node:path';
import type { BackupTarget } from './take.ts';
import { readBackupSettings } from './target.ts';

export { whyUnprovableHere as whyUnprovable } from '../../backup/restore/prove.ts';
export { takeBackup as makeBackup } from './take.ts';

interface NamedTarget {
  toFolder?: string;
  toCommand?: string;
  fromCommand?: string;
  /** in place of those of the setting */
  recipient?: string[];
}

export interface ChosenTarget {
  target: BackupTarget;
  recipients: string[];
  /** the setting that has them; undefined where they were named */
  recipientsFrom?: string;
  /** null where another folder than the setting's was named: nothing is removed there */
  keepDays: number | null;
}

/** Throws UsageError where no target is named and none is set. */
export async function backupTargetOf(
  db: Db,
  { toFolder, toCommand, fromCommand, recipient }: NamedTarget,
): Promise<ChosenTarget> {
  const { folder, keepDays, ...set } = await readBackupSettings(db);
  const recipients =
    recipient === undefined
      ? { recipients: set.recipients, recipientsFrom: backupRecipients }
      : { recipients: recipient };
  if (fromCommand !== undefined && toCommand === undefined)
    throw new UsageError({
      what: 'no backup was made',
      why: '--from-command belongs to --to-command: it gives back what that one has taken',
      hint: 'leave it out; a folder is read back as it is',
    });
  if (toCommand !== undefined)
    return {
      target: { command: toCommand, ...(fromCommand !== undefined && { back: fromCommand }) },
      ...recipients,
      keepDays: null,
    };
  if (toFolder !== undefined) {
    const named = resolve(toFolder);
    return {
      target: { folder: named },
      ...recipients,
      keepDays: named === folder ? keepDays : null,
    };
  }
  if (folder !== null) return { target: { folder }, ...recipients, keepDays };
  throw new UsageError({
    what: 'no backup was made',
    why: 'no target was given, and the setting backup_folder is not set',
    hint: '`npx roundsman settings backup_folder /var/backups/roundsman` has one made each day; or give --to-folder or --to-command',
  });
}
