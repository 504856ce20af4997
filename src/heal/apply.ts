import { sql } from 'kysely';
import { LostRunError, underFence, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { fitting } from '../text.ts';
import { writeDoubt, writeFailure } from './outside.ts';
import type { Action, Effect, Healing, Patient } from './patient.ts';
import type { Step } from './playbook.ts';

/**
 * Applies one step where remedies run. Returns when it was applied; null when it was not, which is
 * recorded; `unfinished` when nobody can tell or it was stopped: then no further step may be tried.
 */
export async function apply(
  healing: Healing,
  run: Fenced,
  finding: Patient,
  action: Action,
  { remedy, params, verifyAfter }: Step,
): Promise<Date | null | 'unfinished'> {
  const { id, fence } = run;
  const effect: Effect = {
    run: { id, fence },
    finding,
    action,
    remedy: remedy.name,
    params,
    verifyAfter,
  };
  try {
    const applied = await healing.effect(effect);
    return applied || !remedy.outside ? applied : await standing(healing, action);
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    return remedy.outside
      ? findOut(healing, effect, error)
      : recordFailure(healing, run, action, error);
  }
}

/**
 * A remedy that threw was rolled back with its effect. But a connection that is lost around COMMIT throws
 * too, as does the end of its process: then the row says `applied`, and it was.
 */
async function recordFailure(
  { db, signal }: Healing,
  run: Fenced,
  action: Action,
  error: unknown,
): Promise<Date | null> {
  return underFence(db, run, async (trx) => {
    const failed = await trx
      .updateTable('bot_actions')
      .set({
        // A run that was stopped says nothing about its remedy.
        state: signal.aborted ? 'aborted' : 'failed',
        error_message: fitting(messageOf(error), 2_000),
        settled_at: sql<Date>`engine.now()`,
      })
      .where('id', '=', action.id)
      .where('state', '=', 'intent')
      .returning('id')
      .executeTakeFirst();
    if (failed) return null;
    const row = await trx
      .selectFrom('bot_actions')
      .select('applied_at')
      .where('id', '=', action.id)
      .where('state', '=', 'applied')
      .where('execution_id', '=', run.id)
      .executeTakeFirst();
    return row?.applied_at ?? null;
  });
}

/**
 * The process ended, or the database did not answer, somewhere between an effect outside and its record:
 * another one asks what became of it. Of a stopped run the intent is left to whoever finds it.
 */
async function findOut(
  healing: Healing,
  effect: Effect,
  error: unknown,
): Promise<Date | null | 'unfinished'> {
  const { db, signal } = healing;
  if (!signal.aborted)
    try {
      const applied = await healing.effect({ ...effect, ask: true });
      if (applied) return applied;
      // It was asked, and it is certain: what is still an intent was not done.
      await writeFailure(db, effect, messageOf(error));
    } catch (again) {
      if (again instanceof LostRunError) throw again;
      if (!signal.aborted)
        await writeDoubt(
          db,
          effect,
          `${messageOf(error)}; asked what became of it: ${messageOf(again)}`,
        );
    }
  return standing(healing, effect.action);
}

async function standing({ db }: Healing, { id }: Action): Promise<Date | null | 'unfinished'> {
  const row = await db
    .selectFrom('bot_actions')
    .select(['state', 'applied_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.state === 'applied') return row.applied_at;
  return row?.state === 'intent' || row?.state === 'unknown' ? 'unfinished' : null;
}
