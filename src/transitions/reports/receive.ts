/**
 * A remote bot reports what it has found.
 *
 * From: expected or accepted, while its run is running with the attempt that asked, before the end of the lease.
 * To: received, with the body.
 * By: `roundsman web`, once it has verified the signature and read the body by its contract.
 * Locks: the row of the request. Of two reports that come at once, and of a report and a check that gives up, the first one counts.
 * Zero rows: there is no such request, it has its report already, its check has given up, or its run is not running with that
 *   attempt: `reportStanding` (src/data/remote/reports.ts) tells which.
 */
import { sql } from 'kysely';
import { isRunning } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

/** A body that fits its contract. */
export interface ReceivedBody {
  /** JSON without the values of secrets */
  body: string;
  /** of the body as it came */
  sha256: string;
}

/** Returns whether the report is stored now. */
export async function receiveReport(
  db: Db,
  id: string,
  { body, sha256 }: ReceivedBody,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    UPDATE engine.remote_reports r
    SET received_at = engine.now(), accepted_at = coalesce(r.accepted_at, engine.now()), body = ${body}, body_sha256 = ${sha256}
    FROM bot_executions e
    WHERE r.request_id = ${id} AND r.received_at IS NULL AND r.given_up_at IS NULL AND r.lease_until > engine.now()
      AND e.id = r.execution_id AND e.attempt = r.attempt AND ${isRunning}`.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}
