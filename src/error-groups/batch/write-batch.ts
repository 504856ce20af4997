/** Gives errors their templates, and stores what came of it: for the job, and for rows that are planted. */
import type { Transaction } from 'kysely';
import { countErrors } from '../rows/count-errors.ts';
import { changeTokens, mergeTemplates, openTemplates } from '../rows/open-templates.ts';
import type { UngroupedError } from '../rows/read-errors.ts';
import type { Database } from '../../database/connect.ts';
import type { Assigner } from './assign.ts';
import { ownFrames } from './own-frames.ts';

/** Errors that have their templates, which are not stored yet. */
export interface Assigned {
  errors: (UngroupedError & { template_id: string; frame: string | null })[];
  changes: ReturnType<Assigner<UngroupedError>['changes']>;
}

/** `next` is called before each error, so that the caller may pause or stop. */
export async function assignAll(
  assigner: Assigner<UngroupedError>,
  errors: readonly UngroupedError[],
  next: (index: number) => Promise<void> = async () => {},
): Promise<Assigned> {
  const assigned = [];
  for (const [index, error] of errors.entries()) {
    await next(index);
    assigned.push({
      ...error,
      template_id: assigner.assign(error),
      frame: ownFrames(error.stack_trace),
    });
  }
  // A later error may have made an alias of the template of an earlier one. That one stays counted in the alias, as it is when both
  // come in different batches: who splits the alias off gets its errors.
  return { errors: assigned, changes: assigner.changes() };
}

/** Only for who has locked the groups. The caller moves the cursor's `next_id`. */
export async function writeBatch(
  trx: Transaction<Database>,
  { errors, changes: { opened, changed, merged } }: Assigned,
): Promise<void> {
  await openTemplates(trx, opened);
  await changeTokens(trx, changed);
  await mergeTemplates(trx, merged);
  await countErrors(trx, errors);
}
