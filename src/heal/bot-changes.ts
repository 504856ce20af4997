import type { Kysely } from 'kysely';
import type { BotChanges } from '../contract/bot-changes.ts';
import { NotAppliedError } from '../contract/remedy.ts';
import { changeMode } from '../data/bots/engine.ts';
import type { Database } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { pauseBot } from '../transitions/bots/pause.ts';
import { resumeBot } from '../transitions/bots/resume.ts';
import { queueManualRun } from '../transitions/runs/queue-manual.ts';

/**
 * The transitions that a remedy may ask for, in its transaction. A remedy outside has no transaction: each transition
 * gets one of its own.
 */
export const botChanges = (db: Kysely<Database>): BotChanges => ({
  queueRun: async (botId) => {
    const { id } = await inTransaction(db, (trx) => queueManualRun(trx, botId));
    return { id };
  },
  async pauseBot(id, reason) {
    if (!(await pauseBot(db, { id, status: 'active' }, reason)))
      throw new NotAppliedError(`the bot ${id} is not active any more`);
  },
  async resumeBot(id) {
    if (!(await resumeBot(db, { id, status: 'paused' })))
      throw new NotAppliedError(`the bot ${id} is not paused any more`);
  },
  async setMode(mode, reason) {
    if (!(await changeMode(db, mode, { by: 'roundsman', reason })))
      throw new NotAppliedError(`the mode is ${mode} already`);
  },
});
