import { sql, type Transaction } from 'kysely';
import type { Evidence, RemedyContext } from '../bot.ts';
import type { Database, Db } from '../data/connect.ts';
import { LostRunError, underFence, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { plain } from '../plain.ts';
import { fitting } from '../text.ts';
import { untilStopped } from '../until-stopped.ts';
import { countApplied } from './learn.ts';
import type { Action, Healing, Patient } from './patient.ts';
import type { Step } from './playbook.ts';

/**
 * Applies one step: the effect, its record and the entry's count commit together under the fence, or
 * none of them does. `isDone` is asked first, so that a step which an interrupted attempt may have
 * applied is not applied twice. Returns when it was applied; null when it was not, which is recorded.
 */
export async function apply(
  { db, signal }: Healing,
  run: Fenced,
  finding: Patient,
  action: Action,
  { remedy, params }: Step,
): Promise<Date | null> {
  try {
    return await underFence(db, run, async (trx) => {
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
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    return recordFailure(db, run, action, error, signal.aborted);
  }
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

/**
 * A remedy that threw was rolled back with its effect. But a connection that is lost around COMMIT throws
 * too: then the row says `applied`, and it was.
 */
async function recordFailure(
  db: Db,
  run: Fenced,
  action: Action,
  error: unknown,
  stopped: boolean,
): Promise<Date | null> {
  return underFence(db, run, async (trx) => {
    const failed = await trx
      .updateTable('bot_actions')
      .set({
        // A run that was stopped says nothing about its remedy.
        state: stopped ? 'aborted' : 'failed',
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

const targetOf = (finding: Patient): RemedyContext['target'] => ({
  fingerprint: finding.fingerprint,
  component: finding.affected_component,
  key: finding.component_key,
  metadata: finding.metadata ?? {},
});
