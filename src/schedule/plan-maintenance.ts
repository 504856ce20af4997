import { planMore, unplannedMaintenance } from '../data/maintenance/occurrences.ts';
import type { Db } from '../database/connect.ts';
import { BadScheduleError } from './cron.ts';
import { keptDays, planned, planOccurrences } from './occurrences.ts';

/**
 * Plans the next occurrences of maintenance windows, long before the planned ones are used up, and before the claim of the
 * same tick: after all processes were down for months it still knows what is in force. Returns the windows whose schedule
 * cannot be read (it was written by hand, or its zone is gone), which stay as they are; the others go on.
 */
export async function planMaintenance(db: Db): Promise<{ id: string; reason: string }[]> {
  const unreadable: { id: string; reason: string }[] = [];
  for (const window of await unplannedMaintenance(db, planned)) {
    try {
      const more = planOccurrences(window, window.planned_until, window.now);
      if (more.until > window.planned_until) await planMore(db, window, more, keptDays);
    } catch (error) {
      if (!(error instanceof BadScheduleError)) throw error;
      unreadable.push({ id: window.id, reason: error.why });
    }
  }
  return unreadable;
}
