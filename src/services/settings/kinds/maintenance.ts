/** When tables are worked on. */
import { maintenanceHours } from '../../../data/settings/rows.ts';
import { BadHoursError, readHours } from '../../../schedule/weekly-hours.ts';
import { UnfitValue, type EngineSetting } from './setting.ts';

export const maintenanceSettings = [
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
] as const satisfies readonly EngineSetting[];
