import { sql, type Transaction } from 'kysely';
import type { Evidence } from '../contract/remedy.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Database, Db } from '../database/connect.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { contextOf, nothingLeft, recordApplied } from './applied.ts';
import { takeOutsideEffect } from './outside.ts';
import type { Action, Effect } from './heal-context.ts';
import { EndedMeanwhileError, inTurn } from './turn.ts';
import { withSecrets } from './with-secrets.ts';

/**
 * Applies one step: the effect, its record and the entry's count commit together under the fence, or none of them does.
 * The remedy's `isDone` is asked first, so that a step which an interrupted attempt may have applied is not applied
 * twice. Returns the time at which the step was applied; null when the intent belongs to another run, or has ended.
 * {@link takeOutsideEffect} says what is different for remedies outside.
 *
 * A remedy may change bots, which come before memories and actions in the order of locks. So the action's own row is
 * locked only when the result is recorded. Until then an advisory lock (turn.ts) makes other transactions wait that would
 * apply the same action. If the intent has ended meanwhile, the effect is rolled back.
 */
export async function takeEffect(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  effect: Effect,
  signal: AbortSignal,
): Promise<Date | null> {
  const known = catalogue.remedy(effect.remedy);
  if (!known) throw new Error(`there is no remedy ${effect.remedy}`);
  const remedy = withSecrets(known, effect.params, effect.secrets);
  if (remedy.outside) return takeOutsideEffect(db, remedy, effect, signal);
  const { run, action, params } = effect;
  return inTurn(db, run, action, async (trx) => {
    const now = await timeIfIntent(trx, action);
    if (!now) return null;
    const context = contextOf(trx, effect, now, signal);
    const evidence = await untilStopped<Evidence>(signal, async () =>
      (await remedy.isDone(params, context)) === true ? nothingLeft : remedy.apply(params, context),
    ).catch((error: unknown) => blameFault(trx, error));
    if (!(await recordApplied(trx, remedy, effect, evidence, now))) throw new EndedMeanwhileError();
    return now;
  });
}

/**
 * A remedy may catch a fault and throw its own error instead, without the fault as the cause. But the transaction that
 * met the fault has failed and remembers it: then this fault is the reason. Always rejects.
 */
async function blameFault(trx: Transaction<Database>, error: unknown): Promise<never> {
  if (error instanceof Error && error.cause === undefined && !isFault(error)) {
    const failed = await sql`SELECT 1`.execute(trx).then(
      () => undefined,
      (met: unknown) => met,
    );
    if (isFault(failed)) throw new Error(error.message, { cause: failed });
  }
  throw error;
}

/** The database's time if the action is an intent, else null. */
async function timeIfIntent(trx: Transaction<Database>, action: Action): Promise<Date | null> {
  const row = await trx
    .selectFrom('bot_actions')
    .select(sql<Date>`engine.now()`.as('now'))
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .executeTakeFirst();
  return row?.now ?? null;
}
