/** Where backups go, who can open them, and how long they stay. */
import { isAbsolute } from 'node:path';
import { backupFolder, backupKeepDays, backupRecipients } from '../../../data/settings/rows.ts';
import { printable } from '../../../ground/text.ts';
import { UnfitValue, wholeNumber, type EngineSetting } from './setting.ts';

export const backupSettings = [
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
    read: (text) => wholeNumber(text, 1, 3_650),
  },
] as const satisfies readonly EngineSetting[];
