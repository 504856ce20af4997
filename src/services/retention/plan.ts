/** What is set for retention: how long each table's rows are kept, since when, and for how long a run may go on. */
import {
  minMinutes,
  maxMinutes,
  readAges,
  retentionFrom,
  retentionMinutes,
  usualMinutes,
  type AgeSetting,
  type Days,
} from '../../data/retention/ages.ts';
import type { RetainedTable } from '../../data/retention/retained-table.ts';
import { currentMode, healsIn } from '../../data/bots/engine.ts';
import { readSetting } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';

export interface RetentionPlan {
  ages: Record<AgeSetting, Days>;
  /** nothing is removed before; null: at once */
  from: Date | null;
  minutes: number;
  /** the setting that cannot be read; then nothing is removed */
  unfit: string | null;
}

export async function readPlan(db: Db): Promise<RetentionPlan> {
  const [ages, from, minutes] = await Promise.all([
    readAges(db),
    readSetting(db, retentionFrom),
    readSetting(db, retentionMinutes),
  ]);
  const begins = from ? new Date(String(from.value)) : null;
  const lasts = minutes ? Number(minutes.value) : usualMinutes;
  const unfit =
    begins && Number.isNaN(+begins)
      ? retentionFrom
      : !(Number.isInteger(lasts) && lasts >= minMinutes && lasts <= maxMinutes)
        ? retentionMinutes
        : null;
  return { ages, from: begins, minutes: lasts, unfit };
}

/** For how many days rows of a table are kept. */
export const daysFor = ({ age }: RetainedTable, { ages }: RetentionPlan): Days =>
  typeof age === 'number' ? age : ages[age];

export const unreadable = (setting: RetainedTable['age']): string =>
  `the setting ${setting} cannot be read`;

export const notRolledUp =
  'the job rollup has not added it up (`npx roundsman jobs show rollup` says why)';

/** Why nothing may be removed now; null where something may. */
export async function whyNothing(
  db: Db,
  { from, unfit }: RetentionPlan,
  now: Date,
): Promise<string | null> {
  if (unfit !== null) return `the setting ${unfit} cannot be read`;
  if (from !== null && now < from) return `it begins at ${from.toISOString()} (retention_from)`;
  // As after a restore: people may be looking for what was there.
  if (!healsIn(await currentMode(db))) return 'the mode is off';
  return null;
}
