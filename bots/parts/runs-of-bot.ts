/** SQL about the runs of the bot `b`, for remedies that queue another run. */
import { sql } from '../../src/bot.ts';

/** Left out are runs that only verify a cure, and rows that another program wrote. */
const isRegular = sql`e.bot_id = b.id AND e.trigger NOT IN ('verify', 'external')`;

/** How many are queued or running. */
export const unfinishedRuns = sql`(
  SELECT count(*)::int FROM bot_executions e WHERE ${isRegular} AND e.status IN ('queued', 'running'))`;

/** Whether the run `e` has ended. */
export const hasEnded = sql`${isRegular} AND e.status IN ('success', 'failed', 'timeout')`;
