/** Single settings of the engine: which addresses it may reach outside, and where backups go. */
import { isAbsolute } from 'node:path';
import {
  ages,
  minDays,
  forEver,
  isFitAge,
  maxDays,
  minMinutes,
  maxMinutes,
  retentionFrom,
  retentionMinutes,
  ageSettings,
  usualMinutes,
} from '../../data/retention/ages.ts';
import {
  backupFolder,
  backupKeepDays,
  backupRecipients,
  connectivityUrl,
  httpHosts,
  lockSetting,
  maintenanceHours,
  readSetting,
  removeSetting,
  webUrl,
  writeSetting,
} from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { problemOfAddress, problemOfWebAddress } from '../../ground/http-address.ts';
import { printable, storable } from '../../ground/text.ts';
import { whyNoAnswer } from '../../outbound/why-no-answer.ts';
import { problemOfEntry } from '../../outbound/hosts.ts';
import { BadHoursError, readHours } from '../../schedule/weekly-hours.ts';
import { authorise, type Actor } from '../actor.ts';
import { refuseUnfitRecipients } from '../../backup/archive/seal.ts';
import { whyUnfitHere } from '../backups/folder-here.ts';

interface EngineSetting {
  name: SettingName;
  /** what it is for, for a person */
  meaning: string;
  example: string;
  /** The value that a person has typed; throws a text that says why it cannot be used. */
  read(text: string): unknown;
}

export const settingNames = [
  connectivityUrl,
  httpHosts,
  webUrl,
  backupFolder,
  backupRecipients,
  backupKeepDays,
  maintenanceHours,
  ...ageSettings,
  retentionMinutes,
  retentionFrom,
] as const;
export type SettingName = (typeof settingNames)[number];

/** A value of a setting that cannot be used, with the reason. */
class UnfitValue extends Error {}

const settings: readonly EngineSetting[] = [
  {
    name: connectivityUrl,
    meaning:
      'an address that each worker can reach, for example of your provider: where a check that looks outside reports a problem and this address gives no answer either, the check is skipped. Not set: nothing is asked',
    example: 'https://example.com/',
    read(text) {
      const problem = problemOfAddress(text);
      if (problem) throw new UnfitValue(problem);
      return text;
    },
  },
  {
    name: httpHosts,
    meaning:
      'hosts to which remedies may send requests, with commas: host for ports 80 and 443 at public addresses, host:port for exactly that port, also where it is not public; checks may ask those with a port there, too; a range such as 10.1.0.0/16 lets the hosts without a port lead to a private network. Not set: none',
    example: 'hooks.example.com,10.0.0.5:8080',
    read(text) {
      const hosts = [...new Set(text.split(',').map((each) => each.trim().toLowerCase()))];
      for (const each of hosts) {
        const problem = problemOfEntry(each);
        if (problem) throw new UnfitValue(`${JSON.stringify(printable(each))}: ${problem}`);
      }
      return hosts;
    },
  },
  {
    name: backupFolder,
    meaning:
      'the folder into which the job backup writes each day, on the host of the worker that carries it. Not set: no backups are made',
    example: '/var/backups/roundsman',
    read(text) {
      if (!isAbsolute(text) || printable(text) !== text)
        throw new UnfitValue('it has to be an absolute path, in characters that show');
      return text;
    },
  },
  {
    name: backupRecipients,
    meaning:
      'recipients of age (age1...) for which backups are encrypted, with commas; only their identities open them. Not set: backups are not encrypted',
    example: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    read(text) {
      const recipients = [...new Set(text.split(',').map((each) => each.trim()))];
      const unfit = recipients.find((each) => !/^age1[0-9a-z]+$/.test(each));
      if (unfit !== undefined)
        throw new UnfitValue(
          unfit.startsWith('AGE-SECRET-KEY')
            ? 'it is an identity, which has to stay secret; its recipient begins with age1'
            : `${JSON.stringify(printable(unfit.slice(0, 80)))} is no recipient of age`,
        );
      return recipients;
    },
  },
  {
    name: backupKeepDays,
    meaning:
      'after how many days a backup is removed, from 1 to 3650; the newest one, and the newest proven one, stay. Not set: 30',
    example: '30',
    read(text) {
      const days = Number(text);
      if (!/^\d+$/.test(text) || days < 1 || days > 3_650)
        throw new UnfitValue('it has to be a whole number from 1 to 3650');
      return days;
    },
  },
  {
    name: maintenanceHours,
    meaning:
      'when the job maintenance vacuums tables and rebuilds indexes: days (Sun, Sat,Sun or daily), from when to when, and the zone; or off. Not set: Sun 02:00-04:00 America/New_York',
    example: "'Sun 02:00-04:00 America/New_York'",
    read(text) {
      if (text === 'off') return text;
      try {
        readHours(text);
        return text;
      } catch (error) {
        if (!(error instanceof BadHoursError)) throw error;
        throw new UnfitValue(error.why);
      }
    },
  },
  {
    name: webUrl,
    meaning:
      'the address at which other systems reach `roundsman web`: asynchronous remote bots report there. https, or http on this machine itself; behind a proxy the address of the proxy. Not set: those bots are not called',
    example: 'https://roundsman.example.com',
    read(text) {
      const problem = problemOfWebAddress(text);
      if (problem) throw new UnfitValue(problem);
      return text;
    },
  },
  ...ages.map(({ setting, of, usual }): EngineSetting => ({
    name: setting,
    meaning: `for how many days ${of} are kept, from ${minDays} to ${maxDays}, or ${forEver}: for ever; see \`roundsman retention preview\`. Not set: ${usual}`,
    example: String(usual),
    read(text) {
      if (text.toLowerCase() === forEver) return forEver;
      if (!/^\d+$/.test(text) || !isFitAge(Number(text)))
        throw new UnfitValue(
          `it has to be a whole number from ${minDays} to ${maxDays}, or ${forEver}`,
        );
      return Number(text);
    },
  })),
  {
    name: retentionMinutes,
    meaning: `for how many minutes after 00:30 in New York the job retention may go on, from ${minMinutes} to ${maxMinutes}. Not set: ${usualMinutes}`,
    example: String(usualMinutes),
    read(text) {
      const minutes = Number(text);
      if (!/^\d+$/.test(text) || minutes < minMinutes || minutes > maxMinutes)
        throw new UnfitValue(`it has to be a whole number from ${minMinutes} to ${maxMinutes}`);
      return minutes;
    },
  },
  {
    name: retentionFrom,
    meaning:
      'a time before which the job retention removes nothing; an upgrade sets it to a week later. Not set: it removes what is old enough',
    example: '2026-12-24T00:00:00Z',
    read(text) {
      const time = new Date(text);
      if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(+time) || time.getUTCFullYear() > 9_000)
        throw new UnfitValue('it has to be a time such as 2026-12-24T00:00:00Z');
      return time.toISOString();
    },
  },
];

const settingNamed = (name: SettingName): EngineSetting =>
  settings.find((each) => each.name === name)!;

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
  const { read, example } = settingNamed(name);
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
 * where all workers are on others. For owners and admins. Throws UsageError for a folder that a worker here could not use, and
 * for a recipient that age does not know: a backup would be refused at night, and not now.
 */
export async function changeSetting(
  { db, actor }: { db: Db; actor: Actor },
  { name, value }: { name: SettingName; value: unknown },
): Promise<{ before: unknown; unanswered: string | null; unfit: string | null }> {
  authorise(actor, 'change settings', 'admin');
  if (name === backupRecipients) await refuseUnfitRecipients(value as string[]);
  const unfit = name === backupFolder ? await whyUnfitHere(db, String(value)) : null;
  const before = (await readSetting(db, name))?.value ?? null;
  await writeSetting(db, { key: name, value, by: storable(actor.name) });
  const isAsked = name === connectivityUrl;
  return {
    before,
    unfit,
    unanswered: isAsked ? await whyNoAnswer(String(value), new AbortController().signal) : null,
  };
}

/** The list of hosts before and after a change; null for a list without hosts. */
export interface ChangedHosts {
  before: unknown;
  after: string[] | null;
  /** hosts to be removed that were not in the list */
  absent: string[];
}

/** Adds hosts to `http_hosts`, and removes others; the rest stays. For owners and admins. */
export function changeHosts(
  { db, actor }: { db: Db; actor: Actor },
  { add, remove }: { add: string[]; remove: string[] },
): Promise<ChangedHosts> {
  authorise(actor, 'change settings', 'admin');
  return db.transaction().execute(async (transaction) => {
    const before = (await lockSetting(transaction, httpHosts))?.value ?? null;
    const known = hostsIn(before);
    const kept = [...new Set([...known, ...add])].filter((host) => !remove.includes(host));
    const after = kept.length > 0 ? kept : null;
    if (after === null) await removeSetting(transaction, httpHosts);
    else
      await writeSetting(transaction, { key: httpHosts, value: after, by: storable(actor.name) });
    return { before, after, absent: remove.filter((host) => !known.includes(host)) };
  });
}

/** The hosts of a stored list, which may be anything. */
export const hostsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];

/** Removes the value of a setting; false if it had none. For owners and admins. */
export function clearSetting(
  { db, actor }: { db: Db; actor: Actor },
  name: SettingName,
): Promise<boolean> {
  authorise(actor, 'change settings', 'admin');
  return removeSetting(db, name);
}
