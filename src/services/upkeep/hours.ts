/** When the job `maintenance` works, as the setting says. */
import { maintenanceHours } from '../../data/settings/rows.ts';
import {
  endOfHours,
  hoursExample,
  readHours,
  scheduleOfHours,
} from '../../schedule/weekly-hours.ts';

/** As the platform's documentation promises: Sundays from two to four in the morning, Eastern time. */
const usual = hoursExample;

/** The setting of the job's schedule. Throws BadHoursError for what a statement by hand has set. */
export const hoursSetting = {
  key: maintenanceHours,
  scheduleOf: (value: unknown): string | null =>
    value === 'off' ? null : scheduleOfHours(readHours(textOf(value))),
};

export const usualSchedule = scheduleOfHours(readHours(usual));

/** When the hours end that this slot begins; null where there are none, by the value of the setting (null: it is not set). */
export const endOfSlot = (value: unknown, slot: Date): Date | null =>
  value === 'off' ? null : endOfHours(readHours(textOf(value ?? usual)), slot);

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
