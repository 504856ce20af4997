import { lockErrorGroups } from '../../error-groups/rows/cursor.ts';
import type { ErrorGroup } from '../../error-groups/rows/read-groups.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { muteGroup as mute, unmuteGroup as unmute } from '../../transitions/error-groups/mute.ts';
import { authorise, type Actor } from '../actor.ts';
import { findGroup, needErrorLogs } from './find.ts';

/** Has error-watch say nothing of a group; `seconds`: null means until it is unmuted. For operators. Throws NotFoundError, UsageError. */
export async function muteGroup(
  { db, actor }: { db: Db; actor: Actor },
  { group: given, reason, seconds }: { group: string; reason: string; seconds: number | null },
): Promise<ErrorGroup> {
  authorise(actor, 'mute groups of errors', 'operator');
  await needErrorLogs(db);
  const by = storable(actor.name);
  return db.transaction().execute(async (trx) => {
    await lockErrorGroups(trx);
    const { id } = await findGroup(trx, given);
    await mute(trx, id, { by, reason: storable(reason), seconds });
    return findGroup(trx, id);
  });
}

/** For operators. `was` is false where it was not muted: nothing changed then. Throws NotFoundError, UsageError. */
export async function unmuteGroup(
  { db, actor }: { db: Db; actor: Actor },
  { group: given }: { group: string },
): Promise<{ group: ErrorGroup; was: boolean }> {
  authorise(actor, 'unmute groups of errors', 'operator');
  await needErrorLogs(db);
  return db.transaction().execute(async (trx) => {
    await lockErrorGroups(trx);
    const { id, muted_at } = await findGroup(trx, given);
    await unmute(trx, id);
    return { group: await findGroup(trx, id), was: muted_at !== null };
  });
}
