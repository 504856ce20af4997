import { newestRuns } from '../../data/bots/bot-executions.ts';
import { countOpenFindings } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';

export type { ExecutionRow } from '../../data/bots/bot-executions.ts';
export type { BotRow } from '../../data/bots/bots.ts';

/**
 * Bots in the order of their names, and by their ids the newest run and the number of open findings of each. Removed bots
 * are left out unless `removed`.
 */
export async function listBots(
  db: Db,
  { limit, removed = false }: { limit: number; removed?: boolean },
) {
  const bots = await selectBots(db, removed).selectAll().orderBy('name').limit(limit).execute();
  const ids = bots.map(({ id }) => id);
  return {
    bots,
    runs: await newestRuns(db, ids),
    findings: await countOpenFindings(db, ids),
    now: await currentTime(db),
    /** how many there are in all */
    count: () => countRows(db, selectBots(db, removed)),
  };
}

const selectBots = (db: Db, removed: boolean) =>
  db.selectFrom('bots').$if(!removed, (query) => query.where('removed_at', 'is', null));
