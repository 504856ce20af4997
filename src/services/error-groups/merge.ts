import { lockErrorGroups } from '../../error-groups/rows/cursor.ts';
import type { ErrorGroup } from '../../error-groups/rows/read-groups.ts';
import { ownTemplatesOf } from '../../error-groups/rows/read-parts.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { mergeGroups as merge } from '../../transitions/error-groups/merge.ts';
import { authorise, type Actor } from '../actor.ts';
import { findGroup, needErrorLogs } from './find.ts';

export type { ErrorGroup };

/**
 * Says that groups of errors are one: `into` stands for all of them from now on, also for errors that come later. All are merged or
 * none. `into` keeps its own mute, or has none as before; one of another group ends. `templates`: what came with them, and can be split off again. For operators. Throws NotFoundError, UsageError.
 */
export async function mergeGroups(
  { db, actor }: { db: Db; actor: Actor },
  { groups: given, into }: { groups: readonly string[]; into: string },
): Promise<{ into: ErrorGroup; merged: ErrorGroup[]; templates: string[] }> {
  authorise(actor, 'merge groups of errors', 'operator');
  await needErrorLogs(db);
  return db.transaction().execute(async (trx) => {
    await lockErrorGroups(trx);
    const survivor = await findGroup(trx, into);
    const merged = new Map<string, ErrorGroup>();
    for (const each of given) {
      const group = await findGroup(trx, each);
      if (group.id === survivor.id)
        throw new UsageError({
          what: `group ${each} cannot be merged into ${into}`,
          why: 'they are the same group',
          hint: 'name another one after --into',
        });
      merged.set(group.id, group);
    }
    const templates: string[] = [];
    for (const id of merged.keys()) templates.push(...(await ownTemplatesOf(trx, id)));
    await merge(trx, [...merged.keys()], survivor.id);
    return { into: await findGroup(trx, survivor.id), merged: [...merged.values()], templates };
  });
}
