import { currentTime } from '../../data/bots/engine.ts';
import { errorsAnHour } from '../../error-groups/rows/read-groups.ts';
import {
  facetsOf,
  findingOfGroup,
  newestErrors,
  templatesOf,
} from '../../error-groups/rows/read-parts.ts';
import type { Db } from '../../database/connect.ts';
import { findGroup, needErrorLogs } from './find.ts';

export type { Facet } from '../../error-groups/rows/read-parts.ts';

/** A week of hours, as long as counts are compared. */
const trendHours = 168;
/** What a person reads of each list. */
const shown = { templates: 20, facets: 10, errors: 5 };

/** A group with its templates, what its errors have in common, and its newest errors. Throws NotFoundError, UsageError. */
export async function showGroup(db: Db, given: string) {
  await needErrorLogs(db);
  const group = await findGroup(db, given);
  const trend = await errorsAnHour(db, [group.id], trendHours);
  return {
    group,
    errors_an_hour: trend.get(group.id)!,
    templates: await templatesOf(db, group.id, shown.templates),
    facets: await facetsOf(db, group.id, shown.facets),
    newest: await newestErrors(db, group.id, shown.errors),
    finding: await findingOfGroup(db, group.id),
    now: await currentTime(db),
  };
}
