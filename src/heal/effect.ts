import { sql, type Transaction } from 'kysely';
import type { Evidence, RemedyContext } from '../bot.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Database, Db } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { plain } from '../plain.ts';
import { fitting } from '../text.ts';
import { untilStopped } from '../until-stopped.ts';
import { countApplied } from './learn.ts';
import type { Action, Patient } from './patient.ts';

/** One step to apply, as plain values: it is applied in another process. */
export interface Effect {
  run: Fenced;
  finding: Patient;
  action: Action;
  /** the remedy's name, and its parameters as its schema read them */
  remedy: string;
  params: unknown;
}

/**
 * Applies one step: the effect, its record and the entry's count commit together under the fence, or
 * none of them does. `isDone` is asked first, so that a step which an interrupted attempt may have
 * applied is not applied twice. Returns when it was applied; null when the intent is somebody else's.
 */
export async function takeEffect(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { run, finding, action, ...step }: Effect,
  signal: AbortSignal,
): Promise<Date | null> {
  const remedy = catalogue.remedy(step.remedy);
  if (!remedy) throw new Error(`there is no remedy ${step.remedy}`);
  const { params } = step;
  return underFence(db, run, async (trx) => {
    const now = await takeIntent(trx, action);
    if (!now) return null;
    const context: RemedyContext = { db: trx, now, signal, target: targetOf(finding) };
    const evidence = await untilStopped<Evidence>(signal, async () =>
      (await remedy.isDone(params, context))
        ? { summary: 'there was nothing left to do', before: null, after: null }
        : remedy.apply(params, context),
    );
    await trx
      .updateTable('bot_actions')
      .set({
        state: 'applied',
        applied_at: now,
        execution_id: run.id,
        action_description: fitting(`${remedy.title}: ${evidence.summary}`, 2_000),
        evidence: JSON.stringify(plain(evidence)),
      })
      .where('id', '=', action.id)
      .execute();
    await countApplied(trx, action);
    return now;
  });
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

const targetOf = (finding: Patient): RemedyContext['target'] => ({
  fingerprint: finding.fingerprint,
  component: finding.affected_component,
  key: finding.component_key,
  metadata: finding.metadata ?? {},
});
