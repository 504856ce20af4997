import { sql } from 'kysely';
import type { RemedyContext } from '../bot.ts';
import { underFence, LostRunError, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { fitting } from '../text.ts';
import type { Healing, Patient } from './heal.ts';
import { countApplied } from './learn.ts';
import type { Step } from './playbook.ts';

/** A row of `bot_actions` that has an intent and no end. */
export interface Unfinished {
  id: string;
  knowledge_id: string | null;
  applied_at: Date | null;
}

/**
 * Applies one step: the effect, its record and the entry's count commit together under the fence, or
 * none of them does. `isDone` is asked first, so that a step which an interrupted attempt may have
 * applied is not applied twice. Returns when it was applied; null when it failed, which is recorded.
 */
export async function apply(
  { db, signal }: Healing,
  run: Fenced,
  finding: Patient,
  action: Unfinished,
  { remedy, params }: Step,
): Promise<Date | null> {
  try {
    return await underFence(db, run, async (trx) => {
      const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(trx);
      const { now } = rows[0]!;
      const context: RemedyContext = {
        db: trx,
        now,
        signal,
        target: {
          fingerprint: finding.fingerprint,
          component: finding.affected_component,
          key: finding.component_key,
          metadata: finding.metadata ?? {},
        },
      };
      const evidence = (await remedy.isDone(params, context))
        ? { summary: 'there was nothing left to do', before: null, after: null }
        : await remedy.apply(params, context);
      await trx
        .updateTable('bot_actions')
        .set({
          state: 'applied',
          applied_at: now,
          execution_id: run.id,
          action_description: fitting(`${remedy.title}: ${evidence.summary}`, 2_000),
          evidence: JSON.stringify(evidence),
        })
        .where('id', '=', action.id)
        .execute();
      await countApplied(trx, action.knowledge_id);
      return now;
    });
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    await underFence(db, run, (trx) =>
      trx
        .updateTable('bot_actions')
        .set({
          state: 'failed',
          error_message: fitting(messageOf(error), 2_000),
          settled_at: sql<Date>`engine.now()`,
        })
        .where('id', '=', action.id)
        .execute(),
    );
    return null;
  }
}
