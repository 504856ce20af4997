/** One try of a step outside the database; finds out whether it was applied when that is not clear at once. */
import { sql } from 'kysely';
import { LostRunError } from '../data/bots/fence.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { messageOf } from '../ground/errors.ts';
import { askOutside } from './ask.ts';
import { asUntouched, isUntouched, writeDoubt, writeFailure } from './outside.ts';
import type { Action, Effect, HealContext } from './heal-context.ts';

type Standing = Date | null | 'unfinished';

/**
 * Returns the time at which the step was applied; null when it was not applied; `unfinished` when this is not known, or
 * has to be asked later. When a fault stopped the effect before it happened, throws an error for which {@link
 * isUntouched} is true.
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
 * The child's process ended, or the database did not answer, between an effect outside and its record: another child
 * asks the remedy whether the effect happened. The intent stays for a later run when this run was stopped, or when
 * there is no answer now.
 */
async function findOut(healing: HealContext, effect: Effect, error: unknown): Promise<Standing> {
  const { db, signal } = healing;
  const { action } = effect;
  if (signal.aborted) return standing(healing, action);
  // The beginning is committed before the effect: if this commit is missing, there was no effect.
  if (isFault(error) && (await isPlainIntent(healing, effect))) throw asUntouched(error);
  let applied: Date | null | 'off';
  try {
    applied = await askOutside(healing, effect);
  } catch (again) {
    if (again instanceof LostRunError) throw again;
    if (signal.aborted || isFault(again)) return 'unfinished';
    const why = `${messageOf(error)}; asked whether it was done: ${messageOf(again)}`;
    await writeDoubt(db, effect, why, healing);
    return standing(healing, action);
  }
  if (applied) return applied === 'off' ? 'unfinished' : applied;
  // The remedy was asked, and its answer is certain: a row that is still an intent had no effect.
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
