/**
 * A person does not want to be told of a group of errors, for a while or until they unmute it. Its errors are counted as before.
 *
 * From: a group that is not merged.
 * To: `muted_at` and what goes with it set, or cleared by {@link unmuteGroup}.
 * By: an operator.
 * Locks: engine.error_cursor.
 * Zero rows: never; the caller has found the group under the lock.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { pinGroup } from './merge.ts';

export async function muteGroup(
  trx: Transaction<Database>,
  group: string,
  { by, reason, seconds }: { by: string; reason: string; seconds: number | null },
): Promise<void> {
  await trx
    .updateTable('engine.error_groups')
    .set({
      muted_at: sql<Date>`engine.now()`,
      muted_until:
        seconds === null ? null : sql<Date>`engine.now() + make_interval(secs => ${seconds})`,
      muted_by: by,
      muted_reason: reason,
    })
    .where('id', '=', group)
    .execute();
  await pinGroup(trx, group);
}

export async function unmuteGroup(trx: Transaction<Database>, group: string): Promise<void> {
  await trx
    .updateTable('engine.error_groups')
    .set({ muted_at: null, muted_until: null, muted_by: null, muted_reason: null })
    .where('id', '=', group)
    .execute();
}
