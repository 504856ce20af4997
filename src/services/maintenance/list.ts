import {
  countMaintenance,
  listMaintenance as query,
  type ListedMaintenance,
} from '../../data/bots/bot-maintenance.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export type { ListedMaintenance, Maintenance } from '../../data/bots/bot-maintenance.ts';

/**
 * Maintenance windows in force or to come, with `all` also those that are over. Those in force are first, the others in the order
 * in which they come. Each has its present or next occurrence, and how much it holds back now.
 */
export async function listMaintenance(
  db: Db,
  filter: { all: boolean; limit: number },
): Promise<{ windows: ListedMaintenance[]; count: () => Promise<number | null>; now: Date }> {
  return {
    windows: await query(db, filter),
    count: () => countMaintenance(db, filter),
    now: await currentTime(db),
  };
}
