import { sql } from 'kysely';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import type { Healing, Patient, Recheck } from './patient.ts';

/** After this time without a relapse a cure has held. */
export const holdWindow = '1 hour';

export type Verified = Awaited<ReturnType<Recheck>>;

/**
 * Asks the same check again, told that only what happened since the cure counts, and writes down what
 * it said: verified and the finding resolved, or failed. When the check cannot tell, the action stays
 * `applied`: the next clean run verifies it, the next attempt asks again.
 */
export async function verify(
  { db, recheck }: Healing,
  run: Fenced,
  finding: Patient,
  actionId: string,
  appliedAt: Date,
): Promise<Verified> {
  const verified = await recheck(finding, appliedAt);
  if (verified === 'unclear') return verified;
  await underFence(db, run, async (trx) => {
    const mine = await trx
      .updateTable('bot_actions')
      .set(
        verified === 'clean'
          ? {
              state: 'verified',
              success: true,
              hold_until: sql<Date>`engine.now() + ${holdWindow}::interval`,
            }
          : {
              state: 'failed',
              error_message: 'the check still fails after it was applied',
              settled_at: sql<Date>`engine.now()`,
            },
      )
      .where('id', '=', actionId)
      .where('state', '=', 'applied')
      .returning('id')
      .executeTakeFirst();
    if (!mine || verified === 'failing') return;
    await sql`
      UPDATE bot_finding_states SET clean_in_row = 1, failures_in_row = 0
      WHERE fingerprint = ${finding.fingerprint}::text`.execute(trx);
    await sql`
      UPDATE bot_findings f
      SET resolved_at = engine.now(), last_fence = ${run.fence}::bigint,
          resolution_method = CASE WHEN EXISTS (
            SELECT FROM bot_tickets t WHERE t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned')
          ) THEN 'escalated' ELSE 'auto-fixed' END
      WHERE f.id = ${finding.id}::uuid AND f.resolved_at IS NULL AND f.last_fence <= ${run.fence}::bigint`.execute(
      trx,
    );
  });
  return verified;
}
