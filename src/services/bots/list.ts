import { newestRuns } from '../../data/bots/bot-executions.ts';
import { countOpenFindings } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export type { ExecutionRow } from '../../data/bots/bot-executions.ts';
export type { BotRow } from '../../data/bots/bots.ts';

/**
 * Bots by name, with the newest run and the number of open findings of each, by the bot's id. Those that were removed
 * are left out unless `removed`.
 */
export async function listBots(
  db: Db,
  { limit, removed = false }: { limit: number; removed?: boolean },
) {
  const bots = await db
    .selectFrom('bots')
    .selectAll()
    .$if(!removed, (query) => query.where('removed_at', 'is', null))
    .orderBy('name')
    .limit(limit)
    .execute();
  const ids = bots.map(({ id }) => id);
  return {
    bots,
    runs: await newestRuns(db, ids),
    findings: await countOpenFindings(db, ids),
    now: await currentTime(db),
  };
}
