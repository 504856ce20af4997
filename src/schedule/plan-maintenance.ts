import { addOccurrences, windowsToPlan } from '../data/maintenance/occurrences.ts';
import type { Db } from '../database/connect.ts';
import { BadScheduleError } from './cron.ts';
import { horizon, keptDays, planOccurrences } from './occurrences.ts';

/**
 * Plans the next occurrences of maintenance windows, long before the planned ones are used up. It runs before the claim of the
 * same tick, so that a claim knows which windows are in force even after all processes were down for months. Returns the
 * windows whose schedule cannot be read (it was written by hand, or its zone no longer exists); these stay as they are, and the
 * others are planned.
 */
export async function planMaintenance(db: Db): Promise<{ id: string; reason: string }[]> {
  const unreadable: { id: string; reason: string }[] = [];
  for (const window of await windowsToPlan(db, horizon)) {
    try {
      const plan = planOccurrences(window, window.planned_until, window.now);
      if (plan.until > window.planned_until) await addOccurrences(db, window, plan, keptDays);
    } catch (error) {
      if (!(error instanceof BadScheduleError)) throw error;
      unreadable.push({ id: window.id, reason: error.why });
    }
  }
  return unreadable;
}
