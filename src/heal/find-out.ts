/** One try of a step outside the database. When it is not clear whether the step was applied, this finds it out. */
import { sql } from 'kysely';
import { LostRunError } from '../data/bots/fence.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { messageOf } from '../ground/errors.ts';
import { askOutside } from './ask.ts';
import { asBeforeEffect, isBeforeEffect, writeDoubt, writeFailure } from './outside.ts';
import type { Action, Effect, HealContext } from './heal-context.ts';

type TryResult = Date | null | 'unfinished';

/**
 * Returns the time at which the step was applied; null when it was not applied; `unfinished` when this is not known, or
 * has to be asked later. When a fault stopped the effect before it happened, throws an error for which {@link
 * isBeforeEffect} is true.
 */
export async function tryOutside(healing: HealContext, effect: Effect): Promise<TryResult> {
  try {
    return (await healing.effect(effect)) ?? (await readResult(healing, effect.action));
  } catch (error) {
    if (error instanceof LostRunError || isBeforeEffect(error)) throw error;
    return findOut(healing, effect, error);
  }
}

/**
 * The child's process ended, or the database did not answer, between an effect outside and its record: another child
 * asks the remedy whether the effect happened. The intent stays for a later run when this run was stopped, or when
 * there is no answer now.
 */
async function findOut(healing: HealContext, effect: Effect, error: unknown): Promise<TryResult> {
  const { db, signal } = healing;
  const { action } = effect;
  if (signal.aborted) return readResult(healing, action);
  // The beginning is committed before the effect: if that commit is missing, there was no effect.
  if (isFault(error) && (await isNotBegun(healing, effect))) throw asBeforeEffect(error);
  let applied: Date | null | 'off';
  try {
    applied = await askOutside(healing, effect);
  } catch (askError) {
    if (askError instanceof LostRunError) throw askError;
    if (signal.aborted || isFault(askError)) return 'unfinished';
    const why = `${messageOf(error)}; asked whether it was done: ${messageOf(askError)}`;
    await writeDoubt(db, effect, why, healing);
    return readResult(healing, action);
  }
  if (applied) return applied === 'off' ? 'unfinished' : applied;
  // The remedy was asked, and its answer is certain: a row that is still an intent had no effect.
  if (!isFault(error)) await writeFailure(db, effect, messageOf(error), healing);
  else if (await isNotBegun(healing, effect)) throw asBeforeEffect(error);
  return readResult(healing, action);
}

/** The result of the try, by the state of the action's row. */
async function readResult({ db }: HealContext, { id }: Action): Promise<TryResult> {
  const row = await db
    .selectFrom('bot_actions')
    .select(['state', 'applied_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.state === 'applied') return row.applied_at;
  return row?.state === 'intent' || row?.state === 'unknown' ? 'unfinished' : null;
}

/** Whether the action is an intent of this run whose effect is not recorded as begun. */
async function isNotBegun({ db }: HealContext, { run, action }: Effect): Promise<boolean> {
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
