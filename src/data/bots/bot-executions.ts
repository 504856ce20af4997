import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { NotFoundError, RoundsmanError } from '../../ground/errors.ts';
import { BadInputError, fields, text, uuid, whole, word } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import type { BotExecutions, EngineCancellations } from '../../database/tables.ts';
import { inTransaction } from '../../database/transaction.ts';
import { executionStatuses } from '../../database/execution-statuses.ts';

// A bot is asked for as a range of one id, and ordered by it. As an equality it would fall out of the
// ORDER BY, and the planner may then walk idx_executions_started through the runs of all other bots
// in search of a bot that has none (80 ms a bot among 300,000 runs, against 0.03).

export type ExecutionRow = Selectable<BotExecutions>;
export type ExecutionStatus = ExecutionRow['status'];

/** There is no bot of this id. */
export class UnknownBotError extends NotFoundError {}

/** A bot that is disabled or in error takes no run, not even by hand; a paused one takes no backfill. */
export class BotCannotRunError extends RoundsmanError {}

/** Nothing is left to cancel; `run` says how it ended. */
export class RunEndedError extends RoundsmanError {
  readonly run: ExecutionRow;

  constructor(run: ExecutionRow) {
    const at = run.completed_at?.toISOString().slice(0, 19).replace('T', ' ');
    super({
      what: `run ${run.id} cannot be cancelled`,
      why: `it ended as ${run.status}${at ? ` at ${at} UTC` : ''}`,
      hint: `\`npx roundsman runs show ${run.id.slice(0, 8)}\``,
    });
    this.run = run;
  }
}

/**
 * Each bot's newest run that started, by bot. Skipped slots are none, and verify runs belong to a
 * heal. Throws BadInputError.
 */
export async function newestRuns(db: Db, botIds: string[]): Promise<Map<string, ExecutionRow>> {
  if (!Array.isArray(botIds)) throw new BadInputError('bot_id', 'has to be a list of UUIDs');
  const ids = Array.from(botIds, (id) => uuid('bot_id', id));
  if (ids.length === 0) return new Map();
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
    .where('bots.id', '=', sql<string>`ANY(${ids}::uuid[])`)
    .selectAll('run')
    .execute();
  return new Map(rows.map((row) => [row.bot_id!, row]));
}

export interface ExecutionFilter {
  botId?: string | undefined;
  status?: ExecutionStatus | undefined;
  /** only runs that started within so many seconds; 0 to 36,500 days */
  sinceSeconds?: number | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

const century = 36_500 * 24 * 3600;

/** Runs, newest first, each with its bot's name. Throws BadInputError. */
export async function listExecutions(db: Db, filter: ExecutionFilter) {
  const { botId, status, sinceSeconds, limit } = fields('filter', filter);
  let query = db
    .selectFrom('bot_executions as run')
    .leftJoin('bots', 'bots.id', 'run.bot_id')
    .selectAll('run')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .limit(whole('limit', limit, 1, 1_000_001));
  if (botId !== undefined) {
    const id = uuid('bot_id', botId);
    query = query.where('run.bot_id', '>=', id).where('run.bot_id', '<=', id).orderBy('run.bot_id');
  }
  query = query.orderBy('run.started_at', 'desc');
  if (status !== undefined)
    query = query.where('run.status', '=', word('status', status, executionStatuses));
  if (sinceSeconds !== undefined) {
    const seconds = whole('sinceSeconds', sinceSeconds, 0, century);
    query = query.where(
      'run.started_at',
      '>=',
      sql<Date>`engine.now() - make_interval(secs => ${seconds})`,
    );
  }
  return query.execute();
}

/** Runs of a bot that are queued or running. Throws BadInputError. */
export async function countOpenRuns(db: Db, botId: string): Promise<number> {
  const { count } = await db
    .selectFrom('bot_executions')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('bot_id', '=', uuid('bot_id', botId))
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Queues one run now, outside of the schedule, in the transaction that is given or in one of its own.
 * Throws BadInputError, {@link UnknownBotError}, {@link BotCannotRunError}.
 */
export async function queueManualRun(db: Db, botId: string): Promise<ExecutionRow> {
  const id = uuid('bot_id', botId);
  return inTransaction(db, async (trx) => {
    const bot = await trx
      .selectFrom('bots')
      .select(['name', 'status', 'status_reason', 'max_attempts'])
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!bot)
      throw new UnknownBotError({
        what: 'no run was queued',
        why: `bot_id ${id} is no bot`,
        hint: '`npx roundsman bots list` shows what there is',
      });
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
  });
}

/**
 * Asks a run to stop: one that has not begun ends at once, one that waits for another attempt when rescue comes
 * by (what it has recorded is escalated), a running one when its worker next renews its lease (or at its
 * finish, or when rescue finds it without a worker). Never waits: where somebody holds the row the request is
 * kept beside it, and is the row's once that is free. Asking again changes nothing but a
 * reason that is given (2,000 characters at most). Throws BadInputError, {@link RunEndedError}; undefined
 * when there is no such run.
 */
export async function cancelRun(
  db: Db,
  id: string,
  reason: string | null,
): Promise<ExecutionRow | undefined> {
  const run_id = uuid('id', id);
  const why = reason === null ? null : text('reason', reason, 2000);
  // Each CASE is decided on the row as it is once it is locked: a worker may be starting it.
  const cancelled = await db
    .updateTable('bot_executions')
    .set({
      status: sql<ExecutionStatus>`CASE WHEN status = 'queued' AND attempt = 0 THEN 'cancelled' ELSE status END`,
      completed_at: sql<Date>`CASE WHEN status = 'queued' AND attempt = 0 THEN engine.now() END`,
      reason: sql<string>`CASE WHEN status = 'queued' AND attempt = 0 THEN 'cancelled' ELSE reason END`,
      cancel_requested_at: sql<Date>`coalesce(cancel_requested_at, engine.now())`,
      cancel_reason: sql<string>`coalesce(${why}, cancel_reason)`,
    })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('bot_executions')
        .select('id')
        .where('id', '=', run_id)
        .where('status', 'in', ['queued', 'running'])
        .forNoKeyUpdate()
        .skipLocked(),
    )
    .where('status', 'in', ['queued', 'running'])
    .returningAll()
    .executeTakeFirst();
  if (cancelled) return cancelled;
  const run = await db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', '=', run_id)
    .executeTakeFirst();
  if (!run) return undefined;
  if (run.completed_at) throw new RunEndedError(run);
  const { rows } = await sql<Selectable<EngineCancellations>>`
    INSERT INTO engine.cancellations AS asked (execution_id, reason) VALUES (${run_id}, ${why})
    ON CONFLICT (execution_id) DO UPDATE SET reason = coalesce(excluded.reason, asked.reason)
    RETURNING *`.execute(db);
  const [asked] = rows;
  return {
    ...run,
    cancel_requested_at: run.cancel_requested_at ?? asked!.requested_at,
    cancel_reason: asked!.reason ?? run.cancel_reason,
  };
}
