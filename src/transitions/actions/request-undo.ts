/**
 * Requests an undo, and queues the run of the action's bot that carries the undo out: both or neither. Queues no run when
 * the undo was requested before and a run that will carry it out is queued or running.
 *
 * From: any state in which the effect exists.
 * To: the same state, `undo_requested_at` set; a manual run queued.
 * By: an operator.
 * Locks: the bot, then the heal's actions by step without waiting (NOWAIT): while this transaction waited for an action that
 *   another one has locked, it would keep the bot locked, and the bot's runs would wait, too. The caller tries again until the
 *   actions are free.
 * Zero rows: the effect cannot be undone, or the job `retention` has removed the heal: {@link CannotUndoError} is thrown.
 */
import { sql, type Transaction } from 'kysely';
import { CannotUndoError, undoRefusal, type ActionRow } from '../../data/bots/bot-actions.ts';
import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { Database } from '../../database/connect.ts';
import { queueManualRun } from '../runs/queue-manual.ts';

/** Throws {@link CannotUndoError}, and the errors of queueing a manual run. */
export async function requestUndo(
  trx: Transaction<Database>,
  id: string,
  by: string,
): Promise<{ action: ActionRow; run: ExecutionRow | null }> {
  const action = await trx
    .selectFrom('bot_actions')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (!action) throw removed(id);
  // Many people may ask at once: the lock lets each transaction see the requests of those before it.
  await trx
    .selectFrom('bots')
    .select('id')
    .where('id', '=', action.bot_id)
    .forNoKeyUpdate()
    .execute();
  const steps = await trx
    .selectFrom('bot_actions')
    .selectAll()
    .where('heal_id', '=', action.heal_id)
    // Locks bot_actions by step.
    .orderBy('step')
    .forNoKeyUpdate()
    .noWait()
    .execute();
  const locked = steps.find((each) => each.id === id);
  if (!locked) throw removed(id);
  const refusal = undoRefusal(locked, steps);
  if (refusal)
    throw new CannotUndoError({
      what: `action ${id.slice(0, 8)} cannot be undone`,
      why: refusal,
      hint: `see \`npx roundsman actions show ${id.slice(0, 8)}\``,
    });
  if (locked.undo_requested_at) {
    const hasRun = await hasRunForUndo(trx, locked);
    const run = hasRun ? null : await queueManualRun(trx, action.bot_id!);
    return { action: locked, run };
  }
  const requested = await trx
    .updateTable('bot_actions')
    .set({ undo_requested_at: sql<Date>`engine.now()`, undo_requested_by: by })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { action: requested, run: await queueManualRun(trx, action.bot_id!) };
}

/** A heal that is old and settled may go between the moment in which a person has seen it and the request. */
const removed = (id: string): CannotUndoError =>
  new CannotUndoError({
    what: `action ${id.slice(0, 8)} cannot be undone`,
    why: 'it is not there any more: the job retention has removed it',
    hint: 'what it did stays as it is; `npx roundsman settings actions_keep_days keep` keeps heals for ever',
  });

/** Whether a run of the bot that will undo the effect is queued, or has begun since the request. */
async function hasRunForUndo(
  trx: Transaction<Database>,
  { bot_id, undo_requested_at }: ActionRow,
): Promise<boolean> {
  const run = await trx
    .selectFrom('bot_executions')
    .select('id')
    .where('bot_id', '=', bot_id)
    .where('trigger', 'not in', ['verify', 'external'])
    .where((where) =>
      where.or([
        where('status', '=', 'queued'),
        where.and([where('status', '=', 'running'), where('started_at', '>=', undo_requested_at)]),
      ]),
    )
    .executeTakeFirst();
  return run !== undefined;
}
