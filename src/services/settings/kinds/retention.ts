/** How long rows are kept, and when old ones are removed. */
import {
  ages,
  forEver,
  maxDays,
  maxMinutes,
  minDays,
  minMinutes,
  retentionFrom,
  retentionMinutes,
  usualMinutes,
  type AgeSetting,
} from '../../../data/retention/ages.ts';
import { UnfitValue, wholeNumber, type EngineSetting } from './setting.ts';

type RetentionSetting = AgeSetting | typeof retentionMinutes | typeof retentionFrom;

export const retentionSettings: readonly EngineSetting<RetentionSetting>[] = [
  ...ages.map(({ setting, of, usual }): EngineSetting<RetentionSetting> => ({
    name: setting,
    meaning: `for how many days ${of} are kept, from ${minDays} to ${maxDays}, or ${forEver}: for ever; see \`roundsman retention preview\`. Not set: ${usual}`,
    example: String(usual),
    read(text) {
      if (text.toLowerCase() === forEver) return forEver;
      return wholeNumber(text, minDays, maxDays, `, or ${forEver}`);
    },
  })),
  {
    name: retentionMinutes,
    meaning: `for how many minutes after 00:30 in New York the job retention may go on, from ${minMinutes} to ${maxMinutes}. Not set: ${usualMinutes}`,
    example: String(usualMinutes),
    read: (text) => wholeNumber(text, minMinutes, maxMinutes),
  },
  {
    name: retentionFrom,
    meaning:
      'a time before which the job retention removes nothing; an upgrade sets it to a week later. Not set: it removes what is old enough',
    example: '2026-12-24T00:00:00Z',
    read(text) {
      // Without a zone it is UTC: the same text is the same time on every host.
      const time = new Date(
        /[tT ]\d{2}:\d{2}[\d:.]*$/.test(text) ? `${text.replace(' ', 'T')}Z` : text,
      );
      if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(+time) || time.getUTCFullYear() > 9_000)
        throw new UnfitValue('it has to be a time such as 2026-12-24T00:00:00Z');
      return time.toISOString();
    },
  },
];
