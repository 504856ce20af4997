/** Shows, reads, sets and clears single settings of the engine. */
import {
  backupFolder,
  backupRecipients,
  connectivityUrl,
  readSetting,
  removeSetting,
  writeSetting,
} from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError, type Explanation } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { whyNoAnswer } from '../../outbound/why-no-answer.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';
import { refuseUnfitRecipients } from '../../backup/archive/seal.ts';
import { whyUnfitHere, whyUnproven } from '../backups/folder-here.ts';
import { settings, type SettingName } from './kinds/index.ts';
import { UnfitValue } from './kinds/setting.ts';

export interface SettingRow {
  name: SettingName;
  meaning: string;
  /** null if it is not set; it may be anything, because a statement by hand may have set it */
  value: unknown;
  changed_by: string | null;
  changed_at: Date | null;
}

/** All settings, or one, with their present values. */
export const showSettings = (db: Db, name?: SettingName): Promise<SettingRow[]> =>
  Promise.all(
    settings
      .filter((each) => name === undefined || each.name === name)
      .map(async ({ name, meaning }) => {
        const stored = await readSetting(db, name);
        const by = stored?.changed_by ?? null;
        return {
          name,
          meaning,
          value: stored?.value ?? null,
          changed_by: by,
          changed_at: by === null ? null : stored!.changed_at,
        };
      }),
  );

/** The value as it is stored. Throws UsageError. */
export function settingOf(name: SettingName, text: string): unknown {
  const { read, example } = settings.find((each) => each.name === name)!;
  try {
    return read(text.trim());
  } catch (error) {
    if (!(error instanceof UnfitValue)) throw error;
    throw new UsageError({
      what: `${name} cannot be what was typed`,
      why: error.message,
      hint: `for example \`npx roundsman settings ${name} ${example}\``,
    });
  }
}

/**
 * Sets one setting for every process, from its next use on. `unanswered`: why this machine gets no answer from the new
 * `connectivity_url`; null if it gets one, and for other settings. `unfit`: why the new `backup_folder` cannot be used on this host,
 * where all workers are on others. `unproven`: why backups in it will not be proven where this host makes them. For owners and admins. Throws UsageError for a folder that a worker here could not use, and
 * for a recipient that age does not know: a backup would be refused at night, and not now.
 */
export async function changeSetting(
  { db, actor }: { db: Db; actor: Actor },
  { name, value }: { name: SettingName; value: unknown },
): Promise<{
  before: unknown;
  unanswered: string | null;
  unfit: string | null;
  unproven: Explanation | null;
}> {
  authorise(actor, 'change settings', 'admin');
  const unfit = await checkValue(db, { name, value });
  const before = (await readSetting(db, name))?.value ?? null;
  await changing({ db, actor }, (trx) =>
    writeSetting(trx, { key: name, value, by: storable(actor.name) }),
  );
  const isAsked = name === connectivityUrl;
  return {
    before,
    unfit,
    unproven: name === backupFolder ? await whyUnproven(db) : null,
    unanswered: isAsked ? await whyNoAnswer(String(value), new AbortController().signal) : null,
  };
}

/** Why a value cannot be used on this host, although it may be set; null if it can. Throws UsageError as {@link changeSetting} does. */
export async function checkValue(
  db: Db,
  { name, value }: { name: SettingName; value: unknown },
): Promise<string | null> {
  if (name === backupRecipients) await refuseUnfitRecipients(value as string[]);
  return name === backupFolder ? whyUnfitHere(db, String(value)) : null;
}

/** Removes the value of a setting; false if it had none. For owners and admins. */
export function clearSetting(
  { db, actor }: { db: Db; actor: Actor },
  name: SettingName,
): Promise<boolean> {
  authorise(actor, 'change settings', 'admin');
  return changing({ db, actor }, (trx) => removeSetting(trx, name));
}
