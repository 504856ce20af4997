import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { EngineRunProgress } from '../../database/tables.ts';

/** How far a run is, by the check that said so last. */
export type RunProgress = Pick<
  Selectable<EngineRunProgress>,
  'check_name' | 'share' | 'sentence' | 'told_at'
>;

/** Of a run that is running under this fence; undefined where no check has said anything. */
export const progressOf = (
  db: Db,
  { id, fence }: { id: string; fence: string | null },
): Promise<RunProgress | undefined> =>
  db
    .selectFrom('engine.run_progress')
    .select(['check_name', 'share', 'sentence', 'told_at'])
    .where('execution_id', '=', id)
    .where('fence', '=', fence)
    .executeTakeFirst();

/** Removes what was said more than a day ago: no run takes as long without a further word. Returns how many rows that were. */
export async function removeOldProgress(db: Db): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM engine.run_progress WHERE told_at < engine.now() - interval '1 day'`.execute(db);
  return Number(numAffectedRows ?? 0);
}
