import { currentTime } from '../../data/bots/engine.ts';
import {
  countGroups,
  errorsAnHour,
  listGroups as query,
  type ErrorGroup,
  type GroupFilter,
} from '../../error-groups/rows/read-groups.ts';
import type { Db } from '../../database/connect.ts';
import { needErrorLogs } from './find.ts';

export type { ErrorGroup, GroupFilter } from '../../error-groups/rows/read-groups.ts';
export { maxUsers } from '../../error-groups/rows/read-groups.ts';

/** A day, so that a person sees the night. */
const trendHours = 24;

export interface ListedGroup extends ErrorGroup {
  /** how many errors it had in each of the last 24 hours, the present one last */
  errors_an_hour: number[];
}

/** Groups of errors, those with the newest error first. `count` counts them all. Throws UsageError without error_logs. */
export async function listGroups(db: Db, filter: GroupFilter & { limit: number }) {
  await needErrorLogs(db);
  const groups = await query(db, filter);
  const trends = await errorsAnHour(
    db,
    groups.map(({ id }) => id),
    trendHours,
  );
  return {
    groups: groups.map((group): ListedGroup => ({
      ...group,
      errors_an_hour: trends.get(group.id)!,
    })),
    count: () => countGroups(db, filter),
    now: await currentTime(db),
  };
}
