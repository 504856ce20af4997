import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../../database/connect.ts';
import type { BotActions } from '../../database/tables.ts';
import { untilFree } from '../../database/until-free.ts';
import { queueManualRun, type ExecutionRow } from './bot-executions.ts';

export type ActionRow = Selectable<BotActions>;

/** The effect of an action cannot be taken back; `why` says what is in the way. */
export class CannotUndoError extends RoundsmanError {}

/** With the names of its bot and its entry. */
const actions = (db: Db) =>
  db
    .selectFrom('bot_actions as action')
    .leftJoin('bots', 'bots.id', 'action.bot_id')
    .leftJoin('bot_knowledge as k', 'k.id', 'action.knowledge_id')
    .selectAll('action')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select((eb) => jsonBuildObject({ name: eb.ref('k.name') }).as('bot_knowledge'));

/** Steps of heals, the newest first. */
export function listActions(
  db: Db,
  { botId, limit }: { botId?: string | undefined; limit: number },
) {
  const query = actions(db)
    .orderBy('action.taken_at', 'desc')
    .orderBy('action.step', 'desc')
    .orderBy('action.id')
    .limit(limit);
  return (botId ? query.where('action.bot_id', '=', botId) : query).execute();
}

export type ListedAction = Awaited<ReturnType<typeof listActions>>[number];

export const oneAction = (db: Db, id: string): Promise<ListedAction> =>
  actions(db).where('action.id', '=', id).executeTakeFirstOrThrow();

/** All steps of one heal, in their order. */
export const stepsOf = (db: Db, healId: string): Promise<ActionRow[]> =>
  db.selectFrom('bot_actions').selectAll().where('heal_id', '=', healId).orderBy('step').execute();

/** States in which an effect is in place, as far as anybody knows. */
export const inPlace: ReadonlySet<ActionRow['state']> = new Set([
  'applied',
  'verified',
  'held',
  'relapsed',
  'failed',
  'undecided',
]);

/**
 * Why the effect of an action is not to be taken back, by its row and the other steps of its heal; null when
 * it may be. Whether its remedy can is another question.
 */
export function undoRefusal(action: ActionRow, steps: ActionRow[]): string | null {
  if (action.state === 'undone') return 'it was taken back already';
  if (action.state === 'unknown') return 'nobody can tell whether it happened: look at its ticket';
  if (!action.applied_at || !inPlace.has(action.state)) return 'it was never applied';
  const later = steps.find(
    ({ step, state, applied_at }) =>
      step > action.step &&
      (state === 'intent' || state === 'unknown' || (applied_at !== null && inPlace.has(state))),
  );
  return later
    ? `step ${later.step} of its heal came after it, and has to be taken back first (${later.id.slice(0, 8)})`
    : null;
}

/**
 * Asks for an undo, and queues the run of its bot that carries it out: both or nothing. No run when it was
 * asked for before and one is still to come that does it. Waits for a step that is being applied or taken back. Throws {@link CannotUndoError}, and what a manual run throws.
 */
export const requestUndo = (
  db: Db,
  id: string,
  by: string,
): Promise<{ action: ActionRow; run: ExecutionRow | null }> =>
  untilFree(db, async (trx) => {
    const action = await trx
      .selectFrom('bot_actions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    // The bot's row first, as everywhere: of many who ask at once the others see the first one's request.
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
      // Locks bot_actions by step, and waits for none while it holds the bot: a remedy that is being applied or taken
      // back holds its action, and may change the bot.
      .orderBy('step')
      .forNoKeyUpdate()
      .noWait()
      .execute();
    const now = steps.find((each) => each.id === id)!;
    const refusal = undoRefusal(now, steps);
    if (refusal)
      throw new CannotUndoError({
        what: `action ${id.slice(0, 8)} cannot be undone`,
        why: refusal,
        hint: `see \`npx roundsman actions show ${id.slice(0, 8)}\``,
      });
    if (now.undo_requested_at) {
      const run = (await isToCome(trx, now)) ? null : await queueManualRun(trx, action.bot_id!);
      return { action: now, run };
    }
    const asked = await trx
      .updateTable('bot_actions')
      .set({ undo_requested_at: sql<Date>`engine.now()`, undo_requested_by: by })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return { action: asked, run: await queueManualRun(trx, action.bot_id!) };
  });

/** Whether a run of its bot that takes it back waits, or has begun since it was asked for. */
async function isToCome(trx: Db, { bot_id, undo_requested_at }: ActionRow): Promise<boolean> {
  const run = await trx
    .selectFrom('bot_executions')
    .select('id')
    .where('bot_id', '=', bot_id)
    .where('trigger', '<>', 'verify')
    .where((where) =>
      where.or([
        where('status', '=', 'queued'),
        where.and([where('status', '=', 'running'), where('started_at', '>=', undo_requested_at)]),
      ]),
    )
    .executeTakeFirst();
  return run !== undefined;
}
