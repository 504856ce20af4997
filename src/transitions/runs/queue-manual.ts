/**
 * Requests a run outside of its bot's schedule.
 *
 * From: no row, and a bot that is active or paused.
 * To: `queued` with the trigger `manual` and generation 0: rescue gives it its entry (queue-fresh.ts).
 * By: an operator (`bots run`, `round`, an approval, an undo), or the remedy `run.requeue`.
 * Locks: the bot's row; then the run is inserted.
 * Zero rows: there is no such bot, or it is disabled or in error: then an error is thrown.
 */
import { sql, type Transaction } from 'kysely';
import {
  BotCannotRunError,
  UnknownBotError,
  type ExecutionRow,
} from '../../data/bots/bot-executions.ts';
import type { Database } from '../../database/connect.ts';
import { uuid } from '../../database/faults/bad-input.ts';

/** Throws BadInputError, {@link UnknownBotError}, {@link BotCannotRunError}. */
export async function queueManualRun(
  trx: Transaction<Database>,
  botId: string,
): Promise<ExecutionRow> {
  const id = uuid('bot_id', botId);
  const bot = await trx
    .selectFrom('bots')
    .select(['name', 'status', 'status_reason', 'removed_at', 'max_attempts'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!bot)
    throw new UnknownBotError({
      what: 'no run was queued',
      why: `there is no bot with this bot_id: ${id}`,
      hint: '`npx roundsman bots list` shows what there is',
    });
  if (bot.status === 'disabled' || bot.status === 'error')
    throw new BotCannotRunError({
      what: `${bot.name} cannot be run`,
      why: `it ${bot.status === 'error' ? 'is in error' : bot.removed_at ? 'was removed' : 'is disabled'}${bot.status_reason ? `: ${bot.status_reason}` : ''}`,
      hint:
        bot.status === 'error'
          ? `correct its definition: \`npx roundsman bots edit ${bot.name}\``
          : `\`npx roundsman bots enable ${bot.name}\``,
    });
  return trx
    .insertInto('bot_executions')
    .values({
      bot_id: id,
      status: 'queued',
      trigger: 'manual',
      scheduled_for: null,
      generation: 0,
      max_attempts: bot.max_attempts,
      started_at: sql<Date>`engine.now()`,
      queued_at: sql<Date>`engine.now()`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}
