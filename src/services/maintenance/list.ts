import {
  listMaintenance as query,
  type ListedMaintenance,
} from '../../data/bots/bot-maintenance.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export type {
  HeldBackNow,
  ListedMaintenance,
  Maintenance,
} from '../../data/bots/bot-maintenance.ts';

/**
 * Maintenance windows in force or to come, or with `all` every one: those in force first, then as they come. Each has its
 * present or next occurrence, and how much it holds back now.
 */
export async function listMaintenance(
  db: Db,
  filter: { all: boolean; limit: number },
): Promise<{ windows: ListedMaintenance[]; now: Date }> {
  return { windows: await query(db, filter), now: await currentTime(db) };
}
