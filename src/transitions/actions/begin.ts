/**
 * Marks an intent as begun by this run before its effect outside the database, and stores the parameters of the effect: a run that
 * finds the intent abandoned asks the remedy about these parameters, even if the entry was changed since. When it is certain that
 * nothing happened, the mark is removed, and the intent may be applied or aborted as before.
 *
 * From: `intent`, of this run or of one that has ended.
 * To: `intent`, with `begun` and `params` in its evidence; or without them again.
 * By: the worker's child that applies the remedy, under the run's fence.
 * Locks: the action; the transaction holds the run.
 * Zero rows: the action has ended, or belongs to another run that goes on.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** Returns the database's time, or null for zero rows. `evidence` is JSON that is added to the action's evidence. */
export async function beginEffect(
  trx: Transaction<Database>,
  run: { id: string },
  action: { id: string },
  evidence: string,
): Promise<Date | null> {
  const begun = await trx
    .updateTable('bot_actions as a')
    .set({ execution_id: run.id, evidence: sql`a.evidence || ${evidence}::jsonb` })
    .where('a.id', '=', action.id)
    .where('a.state', '=', 'intent')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('bot_executions as e')
            .select('e.id')
            .whereRef('e.id', '=', 'a.execution_id')
            .where('e.id', '<>', run.id)
            .where('e.status', 'in', ['queued', 'running']),
        ),
      ),
    )
    .returning(sql<Date>`engine.now()`.as('now'))
    .executeTakeFirst();
  return begun?.now ?? null;
}

/** For an intent whose effect certainly did not happen: removes what {@link beginEffect} has written. */
export async function markNotBegun(
  trx: Transaction<Database>,
  run: { id: string },
  action: { id: string },
): Promise<void> {
  await trx
    .updateTable('bot_actions')
    .set({ evidence: sql`evidence - 'begun' - 'params'` })
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    // Another run may have begun it since.
    .where('execution_id', '=', run.id)
    .execute();
}
