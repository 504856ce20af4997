import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { queueManualRun as queue } from '../../transitions/runs/queue-manual.ts';

/**
 * Queues one run now, outside of the schedule, in the given transaction or in a new one. Throws BadInputError,
 * UnknownBotError, BotCannotRunError.
 */
export const queueManualRun = (db: Db, botId: string): Promise<ExecutionRow> =>
  inTransaction(db, (trx) => queue(trx, botId));
