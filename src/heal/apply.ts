import { LostRunError, underFence, type Fenced } from '../data/bots/fence.ts';
import { faultBehind, type Fault } from '../database/faults/fault-behind.ts';
import { retryFaults } from '../database/faults/retry-faults.ts';
import { messageOf } from '../ground/errors.ts';
import { fitting } from '../ground/text.ts';
import { abortIntent } from '../transitions/actions/abort.ts';
import { failIntent } from '../transitions/actions/fail.ts';
import { mayGoOn, type Heal } from './decide.ts';
import { tryOutside } from './find-out.ts';
import { asBeforeEffect, isRetriedFor } from './outside.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { Action, Effect, HealContext } from './heal-context.ts';

/**
 * Applies the step of an action, in the child process in which remedies run. Returns the time at which the step was applied.
 * Returns null when the remedy itself failed to apply it; this is recorded as `failed`. Returns `unfinished` when it is not known
 * whether the step was applied, when the run was stopped, or when a fault stopped the step: then no further step may be tried.
 *
 * A fault of the database, a connection or a process says nothing about the remedy. The same intent is tried again if
 * the gates are still open. When the last try fails because of a fault, the intent is `aborted`, which counts neither
 * for nor against its entry, so that the next run can start again.
 */
export async function apply(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  heal: Heal,
  action: Action,
): Promise<Date | null | 'unfinished'> {
  const { remedy, params, verifyAfter } = heal.steps[action.step]!;
  const { id, fence } = run;
  const effect: Effect = {
    run: { id, fence },
    finding,
    action,
    remedy: remedy.name,
    params,
    verifyAfter,
  };
  const isTriedAgain = isRetriedFor(remedy);
  const tryOnce = remedy.outside ? tryOutside : tryInside;
  let tries = 0;
  let lastError: unknown;
  try {
    return await retryFaults(
      healing,
      async () => {
        if (tries > 0 && !(await isStillAllowed(healing, run, finding, heal)))
          return abort(
            healing,
            run,
            action,
            `${messageOf(lastError)}; it may not be tried again`,
            lastError,
          );
        tries += 1;
        try {
          return await tryOnce(healing, effect);
        } catch (error) {
          lastError = error;
          throw error;
        }
      },
      isTriedAgain,
    );
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    const why = messageOf(error);
    // The intent of a stopped run stays when the remedy is outside: the next run finds it and asks the remedy whether
    // the effect happened. An effect inside the database was rolled back, so its intent is aborted.
    if (healing.signal.aborted)
      return remedy.outside ? 'unfinished' : abort(healing, run, action, why);
    if (isTriedAgain(error))
      return abort(healing, run, action, `${why} (not the remedy's doing; tries: ${tries})`, error);
    // The result cannot be recorded now. The next run finds the intent and asks the remedy.
    if (remedy.outside) throw error;
    return fail(healing, run, action, why);
  }
}

/** An earlier try may have committed although its answer was lost: then the action's row says that it was applied. */
async function tryInside(healing: HealContext, effect: Effect): Promise<Date | null> {
  return (await healing.effect(effect)) ?? readAppliedAt(healing, effect);
}

async function readAppliedAt(
  { db }: Pick<HealContext, 'db'>,
  { run, action }: Pick<Effect, 'run' | 'action'>,
): Promise<Date | null> {
  const row = await db
    .selectFrom('bot_actions')
    .select('applied_at')
    .where('id', '=', action.id)
    .where('state', '=', 'applied')
    .where('execution_id', '=', run.id)
    .executeTakeFirst();
  return row?.applied_at ?? null;
}

/**
 * Whether the gates are still open: while a try waited, a person or another run may have changed what they read. A fault in
 * this check is marked as thrown before the effect, so that the step may be tried again.
 */
const isStillAllowed = (
  { db }: HealContext,
  run: Fenced,
  finding: OpenFinding,
  { id, knowledge }: Heal,
): Promise<boolean> =>
  underFence(
    db,
    run,
    async (trx) => knowledge !== null && mayGoOn(trx, run, finding, knowledge, { heal: id }),
  ).catch((error: unknown) => {
    throw asBeforeEffect(error);
  });

/** `error`: if it is a fault, the evidence names the fault. */
const abort = (healing: HealContext, run: Fenced, action: Action, why: string, error?: unknown) =>
  end(healing, run, action, abortIntent, why, faultBehind(error)).then(
    (applied) => applied ?? ('unfinished' as const),
  );

const fail = (healing: HealContext, run: Fenced, action: Action, why: string) =>
  end(healing, run, action, failIntent, why);

/**
 * Ends the intent. A remedy that throws had its effect rolled back. But an error is also thrown when the connection is lost
 * during COMMIT, or when the child's process ends: then the action may be `applied`, and the time at which it was applied is
 * returned.
 */
const end = (
  healing: HealContext,
  run: Fenced,
  action: Action,
  conclude: typeof abortIntent,
  why: string,
  fault: Fault | null = null,
): Promise<Date | null> =>
  retryFaults(healing, () =>
    underFence(healing.db, run, async (trx) => {
      const intent = { id: action.id, execution_id: run.id, why: fitting(why, 2_000), fault };
      return (await conclude(trx, intent)) ? null : readAppliedAt({ db: trx }, { run, action });
    }),
  );
