import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../errors.ts';
import type { Db } from '../connect.ts';
import type { BotExecutions } from '../tables.ts';

// A bot is asked for as a range of one id, and ordered by it. As an equality it would fall out of the
// ORDER BY, and the planner may then walk idx_executions_started through the runs of all other bots
// in search of a bot that has none (80 ms a bot among 300,000 runs, against 0.03).

export type ExecutionRow = Selectable<BotExecutions>;
export type ExecutionStatus = ExecutionRow['status'];

/** A bot that is disabled or in error takes no run, not even by hand. */
export class BotCannotRunError extends RoundsmanError {}

/**
 * Each bot's newest run that started, by bot. Skipped slots are none, and verify runs belong to a
 * heal.
 */
export async function newestRuns(db: Db, botIds: string[]): Promise<Map<string, ExecutionRow>> {
  if (botIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('bots')
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('bot_executions')
          .selectAll('bot_executions')
          .whereRef('bot_id', '>=', 'bots.id')
          .whereRef('bot_id', '<=', 'bots.id')
          .where('status', 'not in', ['queued', 'skipped'])
          .where('trigger', '<>', 'verify')
          .orderBy('bot_id')
          .orderBy('started_at', 'desc')
          .limit(1)
          .as('run'),
      (join) => join.onTrue(),
    )
    .where('bots.id', 'in', botIds)
    .selectAll('run')
    .execute();
  return new Map(rows.map((row) => [row.bot_id!, row]));
}

export interface ExecutionFilter {
  botId?: string | undefined;
  status?: ExecutionStatus | undefined;
  /** only runs that started within so many seconds */
  sinceSeconds?: number | undefined;
  limit: number;
}

/** Runs, newest first, each with its bot's name. */
export function listExecutions(db: Db, { botId, status, sinceSeconds, limit }: ExecutionFilter) {
  let query = db
    .selectFrom('bot_executions as run')
    .leftJoin('bots', 'bots.id', 'run.bot_id')
    .selectAll('run')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .limit(limit);
  if (botId)
    query = query
      .where('run.bot_id', '>=', botId)
      .where('run.bot_id', '<=', botId)
      .orderBy('run.bot_id');
  query = query.orderBy('run.started_at', 'desc');
  if (status) query = query.where('run.status', '=', status);
  if (sinceSeconds !== undefined)
    query = query.where(
      'run.started_at',
      '>=',
      sql<Date>`engine.now() - make_interval(secs => ${sinceSeconds})`,
    );
  return query.execute();
}

/** Queues one run now, outside of the schedule. Throws {@link BotCannotRunError}. */
export const queueManualRun = (db: Db, botId: string): Promise<ExecutionRow> =>
  db.transaction().execute(async (trx) => {
    const bot = await trx
      .selectFrom('bots')
      .select(['name', 'status', 'status_reason', 'max_attempts'])
      .where('id', '=', botId)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    if (bot.status === 'disabled' || bot.status === 'error')
      throw new BotCannotRunError({
        what: `${bot.name} cannot be run`,
        why: `it is ${bot.status === 'error' ? 'in error' : 'disabled'}${bot.status_reason ? `: ${bot.status_reason}` : ''}`,
        hint:
          bot.status === 'error'
            ? `mend its definition: \`npx roundsman bots edit ${bot.name}\``
            : `\`npx roundsman bots resume ${bot.name}\``,
      });
    return trx
      .insertInto('bot_executions')
      .values({
        bot_id: botId,
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
  });
