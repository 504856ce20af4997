/**
 * A check of events could not tell whether a cure helped. The check is asked again after as much time as has passed since
 * the cutoff, but at least a minute, and at a whole minute, so that one run asks about all cures that were applied together.
 * When `within` seconds have passed since the cutoff, the check is asked for the last time; if it still cannot tell, the cure is
 * undecided.
 *
 * From: `applied`.
 * To: `applied`, with `ask_after`; or `undecided`.
 * By: the worker that asked the check, under the run's fence.
 * Locks: the action.
 * Zero rows: another run has judged the cure.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { neverClear } from './leave-undecided.ts';

export async function askAgain(
  trx: Transaction<Database>,
  { id, appliedAt, within }: { id: string; appliedAt: Date; within: number },
): Promise<void> {
  await sql`
    UPDATE bot_actions a
    SET state = CASE WHEN t.last_question <= engine.now() THEN 'undecided' ELSE a.state END,
        settled_at = CASE WHEN t.last_question <= engine.now() THEN engine.now() END,
        error_message = CASE WHEN t.last_question <= engine.now() THEN ${neverClear} ELSE a.error_message END,
        ask_after = CASE WHEN t.last_question > engine.now()
                         THEN least(t.last_question, date_trunc('minute', engine.now() + interval '1 minute'
                                                         + greatest(engine.now() - t.cutoff, interval '1 minute'))) END
    FROM (
      SELECT c.cutoff, c.cutoff + make_interval(secs => ${within}::int) AS last_question
      FROM bot_actions o LEFT JOIN bot_finding_states s ON s.fingerprint = o.fingerprint
      CROSS JOIN LATERAL (SELECT coalesce(s.cutoff_at, o.verify_after, ${appliedAt}::timestamptz) AS cutoff) c
      WHERE o.id = ${id}::uuid
    ) t
    WHERE a.id = ${id}::uuid AND a.state = 'applied'`.execute(trx);
}
