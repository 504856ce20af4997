/**
 * Resolves a finding once its own check was clean as often in a row as its bot's `clear` says. `resolution_method` says
 * why: a cure that was applied (`auto-fixed`, or `escalated` when a ticket was open by then), a person who resolved its
 * ticket (`manual`), or no known reason (`cleared`).
 *
 * From: open (`resolved_at` null).
 * To: resolved, with `resolution_method`.
 * By: the worker that records a clean result (part of `record`), or that verifies a cure, under the run's fence.
 * Locks: findings; the transaction holds their memories.
 * Zero rows: the finding was not clean often enough yet, is resolved already, or a newer start has written about it.
 */
import { sql, type Transaction } from 'kysely';
import { isPending, stormOf } from '../../data/bots/pending-tickets.ts';
import type { Database } from '../../database/connect.ts';

/** Whether the finding `f`, or the storm that it is a part of, has a pending ticket. */
const hasTicket = sql`EXISTS (SELECT FROM bot_tickets t
  WHERE t.fingerprint IN (f.fingerprint, ${stormOf(sql`f.bot_id`)}) AND ${isPending('t')})`;

/**
 * Whether a ticket of the finding `f`, or of its storm, has ended since the finding was detected. A storm's ticket that ended by
 * itself does not count: no person has said anything about the findings that are left.
 */
const endedByPerson = sql`EXISTS (SELECT FROM bot_tickets t
  WHERE t.fingerprint IN (f.fingerprint, ${stormOf(sql`f.bot_id`)})
    AND (t.fingerprint = f.fingerprint OR t.resolved_by IS DISTINCT FROM 'roundsman')
    AND t.status IN ('resolved', 'closed') AND t.resolved_at >= f.detected_at)`;

/** The `resolution_method` of a finding `f` that was healed. */
const methodOfHealed = sql`CASE WHEN ${hasTicket} THEN 'escalated' ELSE 'auto-fixed' END`;

/** `resolved`: findings that are gone. Reads `clean`. */
export const resolveFindings = sql`resolved AS (
    UPDATE bot_findings f
    SET resolved_at = engine.now(), last_fence = clean.fence,
        resolution_method = CASE
          WHEN EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state IN ('applied', 'verified', 'held')) THEN
            ${methodOfHealed}
          WHEN ${endedByPerson} THEN 'manual'
          ELSE 'cleared' END
    FROM clean JOIN bots b ON b.id = clean.bot_id
    WHERE f.bot_id = clean.bot_id AND f.fingerprint = clean.fingerprint AND f.resolved_at IS NULL
      AND clean.clean_in_row >= b.clear
    RETURNING clean.run, f.fingerprint
  )`;

/** For one finding whose cure the same check has just verified; the memory has already counted this result. */
export async function resolveHealed(
  trx: Transaction<Database>,
  { id }: { id: string },
  { fence }: { fence: string },
): Promise<void> {
  await sql`
    UPDATE bot_findings f
    SET resolved_at = engine.now(), last_fence = ${fence}::bigint, resolution_method = ${methodOfHealed}
    FROM bots b, bot_finding_states s
    WHERE f.id = ${id}::uuid AND f.resolved_at IS NULL AND f.last_fence <= ${fence}::bigint
      AND b.id = f.bot_id AND s.fingerprint = f.fingerprint AND s.clean_in_row >= b.clear`.execute(
    trx,
  );
}
