/** One try of a step outside our database, and what became of it where that cannot be seen at once. */
import { sql } from 'kysely';
import { LostRunError } from '../data/bots/fence.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { messageOf } from '../ground/errors.ts';
import { askOutside } from './ask.ts';
import { asUntouched, isUntouched, writeDoubt, writeFailure } from './outside.ts';
import type { Action, Effect, HealContext } from './heal-context.ts';

type Standing = Date | null | 'unfinished';

/**
 * Returns when it was applied; null when it was not; `unfinished` when it cannot be told, or has to be asked
 * another time. Throws what {@link isUntouched} says where a fault kept it from happening.
 */
export async function tryOutside(healing: HealContext, effect: Effect): Promise<Standing> {
  try {
    return (await healing.effect(effect)) ?? (await standing(healing, effect.action));
  } catch (error) {
    if (error instanceof LostRunError || isUntouched(error)) throw error;
    return findOut(healing, effect, error);
  }
}

/**
 * The process ended, or the database did not answer, somewhere between an effect outside and its record:
 * another one asks what became of it. Of a stopped run the intent is left to whoever finds it; so is one about which
 * no answer can be had now.
 */
async function findOut(healing: HealContext, effect: Effect, error: unknown): Promise<Standing> {
  const { db, signal } = healing;
  const { action } = effect;
  if (signal.aborted) return standing(healing, action);
  // That it begins is committed before the effect: what was not begun had none.
  if (isFault(error) && (await isPlainIntent(healing, effect))) throw asUntouched(error);
  let applied: Date | null | 'off';
  try {
    applied = await askOutside(healing, effect);
  } catch (again) {
    if (again instanceof LostRunError) throw again;
    if (signal.aborted || isFault(again)) return 'unfinished';
    const why = `${messageOf(error)}; asked what became of it: ${messageOf(again)}`;
    await writeDoubt(db, effect, why, healing);
    return standing(healing, action);
  }
  if (applied) return applied === 'off' ? 'unfinished' : applied;
  // It was asked, and it is certain: what is still an intent was not done.
  if (!isFault(error)) await writeFailure(db, effect, messageOf(error), healing);
  else if (await isPlainIntent(healing, effect)) throw asUntouched(error);
  return standing(healing, action);
}

async function standing({ db }: HealContext, { id }: Action): Promise<Standing> {
  const row = await db
    .selectFrom('bot_actions')
    .select(['state', 'applied_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.state === 'applied') return row.applied_at;
  return row?.state === 'intent' || row?.state === 'unknown' ? 'unfinished' : null;
}

async function isPlainIntent({ db }: HealContext, { run, action }: Effect): Promise<boolean> {
  const row = await db
    .selectFrom('bot_actions')
    .select('id')
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .where('execution_id', '=', run.id)
    .where(sql<boolean>`NOT evidence ? 'begun'`)
    .executeTakeFirst();
  return row !== undefined;
}
