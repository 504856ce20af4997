/** What a person has to look at so that rows, figures and backups are kept as they should be: none of it fails by itself. */
import { counted } from '../../ground/text.ts';
import { notRolledUp } from '../retention/plan.ts';
import type { Facts } from './facts.ts';
import type { Need } from './need.ts';

/** A run of the job `retention` that its time has ended is a success. */
export function oldRowsLeft({ tablesLeft }: Pick<Facts, 'tablesLeft'>): Need | null {
  const [first, ...others] = tablesLeft;
  if (first === undefined) return null;
  const more = others.length > 0 ? ` and ${counted(others.length, 'more table')}` : '';
  return {
    kind: 'old_rows_left',
    what: `the job retention has left old rows of ${first.table}${more} in each of its last three nights (${first.why})`,
    try:
      first.why === notRolledUp
        ? '`npx roundsman jobs show rollup` says why it has not come to these days; they go once it has'
        : '`npx roundsman jobs show retention` says why of each table; `npx roundsman settings retention_minutes 360` gives it more time, and docs/capacity.md says what to do when that is not enough',
  };
}

/** Where the host is off at the hours of a job, each of its runs comes too late and is a success. */
export function slotsTooLate({ lateJobs }: Pick<Facts, 'lateJobs'>): Need | null {
  const [first, ...others] = lateJobs;
  if (first === undefined) return null;
  const more =
    others.length > 0 ? `; so did ${others.map(({ job }) => `the job ${job}`).join(', ')}` : '';
  return {
    kind: 'slots_too_late',
    what: `the job ${first.job} came too late for each of its last three slots, and did nothing (${first.why})${more}`,
    try: `\`npx roundsman jobs run ${first.job}\` does it now; it does it by itself where scheduler and worker run at that time`,
  };
}

/** Where the job did not run at all, no job fails. */
export function backupsOld({ oldBackup }: Pick<Facts, 'oldBackup'>): Need | null {
  if (oldBackup === null) return null;
  const { hours, isThere } = oldBackup;
  return {
    kind: 'backups_old',
    what: isThere
      ? `the newest backup is ${hours} hours old`
      : `no backup has succeeded in the ${hours} hours since backup_folder was set`,
    try: '`npx roundsman db backup` makes one now; `npx roundsman jobs show backup` says why the daily one was not made',
  };
}
