import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { queueManualRun } from './queue.ts';

/**
 * Queues one run of a bot now, outside of its schedule, and returns its row. `bot` is its name or id. It takes the database alone: a
 * worker, wherever it is, runs the bot within a few seconds. In a transaction the run exists once that commits. Throws
 * NotFoundError with the nearest names, and BotCannotRunError where the bot is disabled or in error.
 */
export const enqueueRun = async (db: Db, bot: string): Promise<ExecutionRow> =>
  queueManualRun(db, (await botOf(db, bot)).id);
