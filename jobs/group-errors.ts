import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { defineJob, type JobContext } from '../src/contract/job.ts';
import {
  ErrorGroupsChangedError,
  lockErrorGroups,
  moveCursor,
  noteCaughtUp,
  readCursor,
  type ErrorCursor,
} from '../src/error-groups/rows/cursor.ts';
import { removeOldCounts } from '../src/error-groups/rows/old-counts.ts';
import {
  hasWaiting,
  readErrors,
  type ErrorBatch,
  type UngroupedError,
} from '../src/error-groups/rows/read-errors.ts';
import { beginAnew, findForeign, renumberRows } from '../src/error-groups/rows/restored.ts';
import { loadTemplates } from '../src/error-groups/rows/templates.ts';
import { hasPlatform } from '../src/database/migrate/extent.ts';
import { Assigner } from '../src/error-groups/batch/assign.ts';
import { assignAll, writeBatch } from '../src/error-groups/batch/write-batch.ts';

/** How many errors one transaction counts at most: some 50 ms, and with the longest messages some 30 MB. */
const maxErrors = 2_000;
/** After so many errors other work of the process has its turn. */
const errorsATurn = 200;
const maxRemoved = 10_000;

/**
 * Counts the new rows of error_logs into groups of errors that say the same. Each batch is committed together with the cursor behind
 * it, so that the job may be stopped at any time and counts each error once.
 */
export const groupErrors = defineJob({
  name: 'group-errors',
  title: 'Count new errors into their groups',
  payload: z.strictObject({}),
  schedule: '* * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 900,
  async handler(context) {
    if (!(await hasPlatform(context.db))) return { errors: 0 };
    const restored = await followRestore(context);
    const counted = await countAll(context);
    const removed = await removeOld(context);
    return { ...counted, ...(restored && { restored }), removed };
  },
});

/** Returns how many rows got an id of this server's, or null where there was none to get one and the database was not restored. */
async function followRestore({ db, commit, signal }: JobContext): Promise<{ rows: number } | null> {
  const foreign = await findForeign(db);
  if (!foreign.cursor && !foreign.rows) return null;
  if (foreign.cursor) await commit(beginAnew);
  for (let rows = 0; ;) {
    signal.throwIfAborted();
    const now = await commit((trx) => renumberRows(trx, maxErrors));
    if (now === 0) return { rows };
    rows += now;
  }
}

async function countAll(context: JobContext) {
  const { db, signal, commit } = context;
  let [errors, groups, stale] = [0, 0, 0];
  let work: { cursor: ErrorCursor; assigner: Assigner<UngroupedError> } | null = null;
  for (;;) {
    signal.throwIfAborted();
    const cursor: ErrorCursor = work?.cursor ?? (await readCursor(db));
    const batch = await readErrors(db, cursor, maxErrors);
    if (batch.last === null) break;
    const assigner: Assigner<UngroupedError> =
      work?.assigner ?? new Assigner(await loadTemplates(db), cursor.next_id);
    try {
      const counted = await countBatch(context, cursor, assigner, batch);
      errors += batch.errors.length;
      groups += counted.opened;
      work = { cursor: counted.cursor, assigner };
    } catch (error) {
      // A person merged, split or muted groups meanwhile: what was assigned is forgotten with the assigner.
      if (!(error instanceof ErrorGroupsChangedError) || (stale += 1) > 100) throw error;
      work = null;
    }
    if (batch.isLast) break;
  }
  const waiting = await hasWaiting(db);
  if (!waiting) await commit(noteCaughtUp);
  return { errors, templates: groups, ...(waiting && { waiting }) };
}

async function countBatch(
  { commit, signal }: JobContext,
  seen: ErrorCursor,
  assigner: Assigner<UngroupedError>,
  batch: ErrorBatch,
) {
  const assigned = await assignAll(assigner, batch.errors, async (index) => {
    if (index % errorsATurn !== 0) return;
    await setImmediate();
    signal.throwIfAborted();
  });
  const to = { ...batch.last!, next_id: assigner.nextId };
  const cursor = await commit(async (trx) => {
    const locked = await lockErrorGroups(trx, seen);
    await writeBatch(trx, assigned);
    await moveCursor(trx, to);
    return { ...locked, ...to };
  });
  return { cursor, opened: assigned.changes.opened.length };
}

async function removeOld({ commit, signal }: JobContext): Promise<number> {
  for (let removed = 0; ;) {
    signal.throwIfAborted();
    const now = await commit((trx) => removeOldCounts(trx, maxRemoved));
    removed += now;
    if (now < maxRemoved) return removed;
  }
}
