/** Adds rows of error_logs, and counts them into their groups as the job would do a minute later. */
import type { Db } from '../database/connect.ts';
import { drawIds, lockErrorGroups } from '../error-groups/rows/cursor.ts';
import type { UngroupedError } from '../error-groups/rows/read-errors.ts';
import { loadTemplates } from '../error-groups/rows/templates.ts';
import { Assigner } from '../error-groups/batch/assign.ts';
import { assignAll, writeBatch } from '../error-groups/batch/write-batch.ts';

export interface PlantedError {
  error_type: string;
  error_message: string;
  stack_trace?: string;
  release?: string;
  at: Date;
}

/** Runs in the transaction of `db`, or in one of its own. */
export const plantErrors = (db: Db, errors: readonly PlantedError[]): Promise<void> =>
  db.isTransaction ? plantIn(db, errors) : db.transaction().execute((trx) => plantIn(trx, errors));

async function plantIn(db: Db, errors: readonly PlantedError[]): Promise<void> {
  const trx = db as Parameters<typeof lockErrorGroups>[0];
  const { next_id } = await lockErrorGroups(trx);
  const inserted = await trx
    .insertInto('error_logs')
    .values(
      errors.map(({ release, at, ...error }) => ({
        ...error,
        created_at: at,
        ...(release !== undefined && { context: JSON.stringify({ release }) }),
      })),
    )
    .returning('id')
    .execute();
  const rows = errors.map(
    (
      { error_type, error_message, stack_trace = null, release = null, at },
      index,
    ): UngroupedError => ({
      id: inserted[index]!.id,
      error_type,
      error_message,
      stack_trace,
      release,
      fingerprint: null,
      user_id: null,
      seen_at: at,
    }),
  );
  const assigner = new Assigner<UngroupedError>(await loadTemplates(trx), next_id);
  await writeBatch(trx, await assignAll(assigner, rows));
  await drawIds(trx, assigner.nextId);
}
