/**
 * Effects that no transaction of ours can take back or keep together with their record: a request to
 * another system, VACUUM. That one is about to happen is committed first; what became of it afterwards,
 * under the fence. Where the end of a process, a connection or an answer lies between the two, only the
 * remedy's `isDone` can say whether it happened; where that cannot tell, the action is `unknown`, which
 * blocks its finding until a person has looked. It is never repeated on a guess.
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
import { begin, unbegin } from '../transitions/actions/begin.ts';
import { doubt } from '../transitions/actions/doubt.ts';
import { failOutside } from '../transitions/actions/fail.ts';
import type { Effect } from './heal-context.ts';
import { contextOf, nothingLeft, recordApplied } from './applied.ts';
import { keptParams } from './with-secrets.ts';

const hadHappened: Evidence = { summary: 'it had been done already', before: null, after: null };

/**
 * Applies one step outside, or with `ask` only finds out what became of it. Returns when it was applied;
 * null when it was not (`failed`), when it cannot be told (`unknown`), when `ask` learnt that it was not done
 * (a plain `intent`, as before it was begun), or when another run carries it (`intent`): the row says which. Rejects,
 * and leaves the intent, when it is stopped or the database does not answer; with {@link isUntouched} where that was
 * before the effect.
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
    notBegun(db, effect, error),
  );
  if (!now) return null;
  const context = contextOf(db, effect, now, signal);
  if (effect.ask) {
    const { done, why } = await ask(remedy, params, context);
    if (done === true) return keep(db, remedy, effect, hadHappened, limits);
    await (done === null
      ? writeDoubt(db, effect, why, limits)
      : retryFaults(limits, () => unbeginOutside(db, effect)));
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
    const certain = !tried || error instanceof NotAppliedError;
    const { done, why } = certain ? { done: false, why: '' } : await ask(remedy, params, context);
    if (done !== true) {
      if (done === false && isFault(error)) return notBegun(db, effect, error);
      if (done === false) await writeFailure(db, effect, messageOf(error), limits);
      else await writeDoubt(db, effect, `${messageOf(error)}; ${why}`, limits);
      return null;
    }
    evidence = { ...hadHappened, after: { error: messageOf(error) } };
  }
  return keep(db, remedy, effect, evidence, limits);
}

/** Whether a fault kept an effect outside from happening, for certain. */
export const isUntouched = (error: unknown): boolean =>
  error instanceof NotAppliedError && isFault(error);

/** What a fault threw before an effect outside: with the certainty that there was none. Other errors stay as they are. */
export const asUntouched = (error: unknown): unknown =>
  isFault(error) ? new NotAppliedError(messageOf(error), { cause: error }) : error;

/**
 * Which errors let the same effect, or its undo, be tried again: faults. What is inside our database was rolled back
 * with its transaction; outside it has to be certain that nothing was done.
 */
export const retriedFor = ({ outside }: Pick<Remedy, 'outside'>): ((error: unknown) => boolean) =>
  outside ? isUntouched : isFault;

/**
 * A fault met before the effect, or with the certainty that there was none, leaves the intent as it was before it
 * was begun, as far as the database takes that now. Any other error, and one met while asking, says nothing of it.
 */
async function notBegun(db: Db, effect: Effect, error: unknown): Promise<never> {
  if (effect.ask || !isFault(error)) throw error;
  await unbeginOutside(db, effect).catch(() => {});
  throw asUntouched(error);
}

/** Three answers; an error of the remedy is none. Rejects with a fault: then it was not asked. */
async function ask(
  remedy: Remedy,
  params: unknown,
  context: RemedyContext,
): Promise<{ done: boolean | null; why: string }> {
  try {
    const done = await untilStopped(context.signal, () => remedy.isDone(params, context));
    // What a remedy returns against the contract tells nothing either.
    return {
      done: typeof done === 'boolean' ? done : null,
      why: `${remedy.name} cannot tell whether it was done`,
    };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const why = `${remedy.name} could not be asked: ${messageOf(error)}`;
    // Of a class that says nothing of the effect, whatever the remedy threw.
    if (isFault(error)) throw new Error(why, { cause: error });
    return { done: null, why };
  }
}

/** Whoever finds it abandoned asks about these parameters. Null when it has ended, or is of a run that still goes on. */
const beginOutside = (
  db: Db,
  remedy: Remedy,
  { run, action, params }: Effect,
): Promise<Date | null> =>
  underFence(db, run, (trx) => {
    const kept = JSON.stringify(plain({ params: keptParams(remedy, params), begun: true }));
    return begin(trx, run, action, kept);
  });

/** It is certain that nothing happened: no run has to ask again, and it may be dropped as it may be applied. */
const unbeginOutside = (db: Db, { run, action }: Effect): Promise<void> =>
  underFence(db, run, (trx) => unbegin(trx, run, action));

/** The effect is there: a fault must not lose its record. */
const keep = (
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

/** What a record is about. */
type About = Pick<Effect, 'run'> & { action: { id: string } };

/** It cannot be told whether it was done. */
export const writeDoubt = (db: Db, about: About, why: string, limits: Limits): Promise<void> =>
  conclude(db, about, doubt, why, limits);

/** It is certain that it was not done. */
export const writeFailure = (db: Db, about: About, why: string, limits: Limits): Promise<void> =>
  conclude(db, about, failOutside, why, limits);

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
