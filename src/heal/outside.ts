/**
 * Effects that cannot be rolled back, or committed together with their record: a request to another system, VACUUM. A
 * first transaction records that the effect begins; after the effect, a second one records the result under the fence.
 * When a process or a connection ends between the two, or an answer is lost, only the remedy's `isDone` can say whether
 * the effect happened. When `isDone` cannot tell, the action becomes `unknown`, which blocks its finding until a person
 * has looked. An effect is never repeated while it may have happened already.
 */
import { sql } from 'kysely';
import {
  NotAppliedError,
  type Evidence,
  type Remedy,
  type RemedyContext,
} from '../contract/remedy.ts';
import type { Db } from '../database/connect.ts';
import { underFence } from '../data/bots/fence.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { retryFaults, type Limits } from '../database/faults/retry-faults.ts';
import { messageOf } from '../ground/errors.ts';
import { plain } from '../ground/plain.ts';
import { fitting } from '../ground/text.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { beginEffect, markNotBegun } from '../transitions/actions/begin.ts';
import { doubt } from '../transitions/actions/doubt.ts';
import { failWithoutEffect } from '../transitions/actions/fail.ts';
import type { Effect } from './heal-context.ts';
import { contextOf, nothingLeft, recordApplied } from './applied.ts';
import { paramsToStore } from './with-secrets.ts';

const doneBefore: Evidence = { summary: 'it was done already', before: null, after: null };

/**
 * Applies one step outside, or with `ask` only finds out whether it was applied. Returns the time at which it was
 * applied. Returns null when it was not applied (`failed`), when this is not known (`unknown`), when `ask` learnt that
 * it was not applied (a plain `intent`, as before it was begun), or when another run works on it (`intent`); the row's
 * state says which. Rejects, and leaves the intent, when it is stopped or the database does not answer; {@link
 * isBeforeEffect} is true for the error when that was before the effect.
 */
export async function takeOutsideEffect(
  db: Db,
  remedy: Remedy,
  effect: Effect,
  signal: AbortSignal,
): Promise<Date | null> {
  const { params } = effect;
  const limits = { signal };
  const now = await beginOutside(db, remedy, effect).catch((error: unknown) =>
    rejectBeforeEffect(db, effect, error),
  );
  if (!now) return null;
  const context = contextOf(db, effect, now, signal);
  if (effect.ask) {
    const { done, why } = await ask(remedy, params, context);
    if (done === true) return recordEffect(db, remedy, effect, doneBefore, limits);
    await (done === null
      ? writeDoubt(db, effect, why, limits)
      : retryFaults(limits, () => markEffectNotBegun(db, effect)));
    return null;
  }
  let tried = false;
  let evidence: Evidence;
  try {
    evidence = await untilStopped<Evidence>(signal, async () => {
      if ((await remedy.isDone(params, context)) === true) return nothingLeft;
      tried = true;
      return remedy.apply(params, context);
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const isCertain = !tried || error instanceof NotAppliedError;
    const { done, why } = isCertain ? { done: false, why: '' } : await ask(remedy, params, context);
    if (done !== true) {
      if (done === false && isFault(error)) return rejectBeforeEffect(db, effect, error);
      if (done === false) await writeFailure(db, effect, messageOf(error), limits);
      else await writeDoubt(db, effect, `${messageOf(error)}; ${why}`, limits);
      return null;
    }
    evidence = { ...doneBefore, after: { error: messageOf(error) } };
  }
  return recordEffect(db, remedy, effect, evidence, limits);
}

/** Whether it is certain that a fault stopped an effect outside before it happened. */
export const isBeforeEffect = (error: unknown): boolean =>
  error instanceof NotAppliedError && isFault(error);

/**
 * Marks a fault as thrown before an effect outside, so it is certain that there was no effect. Other errors stay as
 * they are.
 */
export const asBeforeEffect = (error: unknown): unknown =>
  isFault(error) ? new NotAppliedError(messageOf(error), { cause: error }) : error;

/**
 * Returns a function that says which errors allow another try of the same effect, or of its undo. After any fault an effect
 * inside the database may be tried again, because it was rolled back with its transaction; an effect outside only when it is
 * certain that nothing was done.
 */
export const isRetriedFor = ({ outside }: Pick<Remedy, 'outside'>): ((error: unknown) => boolean) =>
  outside ? isBeforeEffect : isFault;

/**
 * Rejects with the error of an effect that certainly did not happen. If the error is a fault, the intent is reset to what it was
 * before the effect was begun (as far as the database can be written now), and the fault is marked by {@link asBeforeEffect}.
 * Any other error, and an error while only asking, is thrown as it is.
 */
async function rejectBeforeEffect(db: Db, effect: Effect, error: unknown): Promise<never> {
  if (effect.ask || !isFault(error)) throw error;
  await markEffectNotBegun(db, effect).catch(() => {});
  throw asBeforeEffect(error);
}

/**
 * True, false, or null when the remedy cannot tell, or throws an error of its own. Rejects with a fault: then the
 * remedy was not asked.
 */
async function ask(
  remedy: Remedy,
  params: unknown,
  context: RemedyContext,
): Promise<{ done: boolean | null; why: string }> {
  try {
    const done = await untilStopped(context.signal, () => remedy.isDone(params, context));
    // A result that breaks the contract counts as "cannot tell".
    return {
      done: typeof done === 'boolean' ? done : null,
      why: `${remedy.name} cannot tell whether it was done`,
    };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const why = `${remedy.name} could not be asked: ${messageOf(error)}`;
    // A fault says nothing about the effect, also when the remedy threw another error because of it.
    if (isFault(error)) throw new Error(why, { cause: error });
    return { done: null, why };
  }
}

/**
 * Records that the effect begins, with its parameters: if this run is lost, another one asks the remedy about them. Null when
 * the action has ended, or belongs to another run that is still queued or running.
 */
const beginOutside = (
  db: Db,
  remedy: Remedy,
  { run, action, params }: Effect,
): Promise<Date | null> =>
  underFence(db, run, (trx) => {
    const evidence = JSON.stringify(plain({ params: paramsToStore(remedy, params), begun: true }));
    return beginEffect(trx, run, action, evidence);
  });

/** For an effect that certainly did not happen: no run has to ask about it, and the intent may be aborted or applied. */
const markEffectNotBegun = (db: Db, { run, action }: Effect): Promise<void> =>
  underFence(db, run, (trx) => markNotBegun(trx, run, action));

/** Records that the effect has happened; tries again after a fault, so that the record is not lost. */
const recordEffect = (
  db: Db,
  remedy: Remedy,
  effect: Effect,
  evidence: Evidence,
  limits: Limits,
): Promise<Date | null> =>
  retryFaults(limits, () =>
    underFence(db, effect.run, async (trx) => {
      const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(trx);
      const { now } = rows[0]!;
      return (await recordApplied(trx, remedy, effect, evidence, now)) ? now : null;
    }),
  );

/** The run and the action that a record is about. */
type About = Pick<Effect, 'run'> & { action: { id: string } };

/** Records that it is not known whether the effect happened. */
export const writeDoubt = (db: Db, about: About, why: string, limits: Limits): Promise<void> =>
  conclude(db, about, doubt, why, limits);

/** Records that the effect certainly did not happen. */
export const writeFailure = (db: Db, about: About, why: string, limits: Limits): Promise<void> =>
  conclude(db, about, failWithoutEffect, why, limits);

const conclude = (
  db: Db,
  { run, action }: About,
  write: typeof doubt,
  why: string,
  limits: Limits,
): Promise<void> =>
  retryFaults(limits, () =>
    underFence(db, run, (trx) =>
      write(trx, { id: action.id, execution_id: run.id, why: fitting(why, 2_000) }),
    ),
  );
