import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { pendingExecutions } from '../../database/execution-statuses.ts';
import type { EngineRunProgress } from '../../database/tables.ts';

/** How far a run is, by the check that reported last. */
export type RunProgress = Pick<
  Selectable<EngineRunProgress>,
  'check_name' | 'share' | 'sentence' | 'told_at'
>;

/** The progress of a run that is running under this fence; undefined where no check has reported any. */
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

/** A run that has not ended. */
export interface OpenRun {
  bot: string;
  /** how far it is; undefined where no check of it has reported any progress */
  progress?: RunProgress;
}

/** Those of these runs that have not ended: the running ones, the oldest first, then those that wait for a worker. */
export async function openRuns(db: Db, executionIds: readonly string[]): Promise<OpenRun[]> {
  const rows = await db
    .selectFrom('bot_executions as e')
    .innerJoin('bots as b', 'b.id', 'e.bot_id')
    .leftJoin('engine.run_progress as p', (join) =>
      join
        .onRef('p.execution_id', '=', 'e.id')
        .onRef('p.fence', '=', 'e.fence')
        .on('e.status', '=', 'running'),
    )
    .select(['b.name as bot', 'p.check_name', 'p.share', 'p.sentence', 'p.told_at'])
    .where('e.id', 'in', executionIds)
    .where('e.status', 'in', pendingExecutions)
    .orderBy(sql`e.status <> 'running'`)
    .orderBy('e.started_at')
    .orderBy('b.name')
    .execute();
  return rows.map(({ bot, check_name, share, sentence, told_at }) =>
    check_name === null || share === null || told_at === null
      ? { bot }
      : { bot, progress: { check_name, share, sentence, told_at } },
  );
}

/** Removes progress that was reported more than a day ago: no run goes on that long without reporting again. Returns how many. */
export async function removeOldProgress(db: Db): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM engine.run_progress WHERE told_at < engine.now() - interval '1 day'`.execute(db);
  return Number(numAffectedRows ?? 0);
}
