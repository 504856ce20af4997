import { sql } from 'kysely';
import { LostRunError, underFence, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { fitting } from '../text.ts';
import type { Action, Healing, Patient } from './patient.ts';
import type { Step } from './playbook.ts';

/**
 * Applies one step where remedies run. Returns when it was applied; null when it was not, which is
 * recorded.
 */
export async function apply(
  healing: Healing,
  run: Fenced,
  finding: Patient,
  action: Action,
  { remedy, params }: Step,
): Promise<Date | null> {
  try {
    const { id, fence } = run;
    return await healing.effect({
      run: { id, fence },
      finding,
      action,
      remedy: remedy.name,
      params,
    });
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    return recordFailure(healing, run, action, error);
  }
}

/**
 * A remedy that threw was rolled back with its effect. But a connection that is lost around COMMIT throws
 * too, as does the end of its process: then the row says `applied`, and it was.
 */
async function recordFailure(
  { db, signal }: Healing,
  run: Fenced,
  action: Action,
  error: unknown,
): Promise<Date | null> {
  return underFence(db, run, async (trx) => {
    const failed = await trx
      .updateTable('bot_actions')
      .set({
        // A run that was stopped says nothing about its remedy.
        state: signal.aborted ? 'aborted' : 'failed',
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
