/**
 * A cure is verified when the same check is clean after it. Whether the cure has held is known only after the hold window;
 * but when findings of the check come back by themselves (`accruing`), a verified cure has held at once.
 *
 * From: `applied`.
 * To: `verified`, with `hold_until`; for accruing findings `held`.
 * By: the worker that asked the check again, or that records a clean result (part of `record`), under the run's fence.
 * Locks: actions; the transaction holds their memories.
 * Zero rows: another run has judged the cure; or, for a check of events, the run began before the cure.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** The new columns of a verified cure; `a` is bot_actions. */
const verifiedColumns = sql`
  success = true, state = CASE WHEN a.accruing THEN 'held' ELSE 'verified' END, verified_at = engine.now(),
  hold_until = CASE WHEN NOT a.accruing THEN engine.now() + (SELECT engine.hold_window()) END,
  settled_at = CASE WHEN a.accruing THEN engine.now() END`;

/** `clean_cures`: cures whose check is clean; their state is now `verified` or `held`. Reads `clean`. */
export const verifyCures = sql`clean_cures AS (
    UPDATE bot_actions a
    SET ${verifiedColumns}
    FROM clean WHERE a.fingerprint = clean.fingerprint AND a.state = 'applied'
      -- For a check of events: a run that began before the cure did not count from the cure on.
      AND (clean.asked_at IS NULL OR a.judge_within IS NOT NULL AND a.applied_at <= clean.started_at)
    RETURNING clean.run, a.id, a.fingerprint, a.state, a.remedy, a.component
  )`;

/** For one cure after its check was asked about this cure alone. Returns its new state; null for zero rows. */
export async function verifyCure(
  trx: Transaction<Database>,
  id: string,
): Promise<'verified' | 'held' | null> {
  const { rows } = await sql<{ state: 'verified' | 'held' }>`
    UPDATE bot_actions a SET ${verifiedColumns}
    WHERE a.id = ${id}::uuid AND a.state = 'applied' RETURNING a.state`.execute(trx);
  return rows[0]?.state ?? null;
}
