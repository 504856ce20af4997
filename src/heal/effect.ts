import { sql, type Transaction } from 'kysely';
import type { Evidence } from '../contract/remedy.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Database, Db } from '../database/connect.ts';
import { underFence } from '../data/bots/fence.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { contextOf, nothingLeft, recordApplied } from './applied.ts';
import { takeOutsideEffect } from './outside.ts';
import type { Action, Effect } from './heal-context.ts';
import { withSecrets } from './with-secrets.ts';

/**
 * Applies one step: the effect, its record and the entry's count commit together under the fence, or
 * none of them does. `isDone` is asked first, so that a step which an interrupted attempt may have
 * applied is not applied twice. Returns when it was applied; null when the intent is somebody else's.
 * What is different for remedies outside: {@link takeOutsideEffect}.
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
  return underFence(db, run, async (trx) => {
    const now = await takeIntent(trx, action);
    if (!now) return null;
    const context = contextOf(trx, effect, now, signal);
    const evidence = await untilStopped<Evidence>(signal, async () =>
      (await remedy.isDone(params, context)) === true ? nothingLeft : remedy.apply(params, context),
    ).catch((error: unknown) => blameFault(trx, error));
    await recordApplied(trx, remedy, effect, evidence, now);
    return now;
  });
}

/**
 * A remedy may tell a fault in words of its own, without the error behind it. But the transaction in which it was met
 * has failed, and remembers it: then the fault is what the remedy failed for. Rejects in any case.
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

/** Two runs may have found the same abandoned intent: whoever locks it first has it. */
async function takeIntent(trx: Transaction<Database>, action: Action): Promise<Date | null> {
  const taken = await trx
    .selectFrom('bot_actions')
    .select(sql<Date>`engine.now()`.as('now'))
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .forUpdate()
    .executeTakeFirst();
  return taken?.now ?? null;
}
