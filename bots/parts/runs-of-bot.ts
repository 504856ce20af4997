/** Runs of the bot `b`, as remedies that queue another run look at them. */
import { sql } from '../../src/bot.ts';

/** Runs of a verification, and rows that another program wrote, are no runs of the schedule. */
const isOwn = sql`e.bot_id = b.id AND e.trigger NOT IN ('verify', 'external')`;

/** SQL: how many are queued or running. */
export const waitingRuns = sql`(
  SELECT count(*)::int FROM bot_executions e WHERE ${isOwn} AND e.status IN ('queued', 'running'))`;

/** SQL: which runs `e` have ended. */
export const hasEnded = sql`${isOwn} AND e.status IN ('success', 'failed', 'timeout')`;
