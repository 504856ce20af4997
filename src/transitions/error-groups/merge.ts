/**
 * A person says that groups of errors are one: `into` stands for all of them, also for errors that come later.
 *
 * From: groups that are not merged.
 * To: `merged_into` on all but one, whose templates are pinned.
 * By: an operator.
 * Locks: engine.error_cursor.
 * Zero rows: a group was merged or removed meanwhile; the caller reads it under the lock, and then it is not given here.
 */
import type { Transaction } from 'kysely';
import { joinGroups } from '../../error-groups/rows/join-groups.ts';
import type { Database } from '../../database/connect.ts';

export async function mergeGroups(
  trx: Transaction<Database>,
  groups: readonly string[],
  into: string,
): Promise<void> {
  for (const group of groups) await joinGroups(trx, group, into);
  await pinGroup(trx, into);
}

/** No template of the group is merged or changed by itself any more. */
export async function pinGroup(trx: Transaction<Database>, group: string): Promise<void> {
  await trx
    .updateTable('engine.error_templates')
    .set({ pinned: true })
    .where('group_id', '=', group)
    .execute();
}
