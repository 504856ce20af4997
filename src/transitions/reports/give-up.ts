/**
 * A check does not wait for a report any longer: the lease has run out, or the remote bot has answered at once.
 *
 * From: expected or accepted.
 * To: given up: no report is taken any more.
 * By: the child of the run that asks.
 * Locks: the row of the request.
 * Zero rows: the report has been received, and counts.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** Returns whether no report has come, so that none can come any more. */
export async function giveUpReport(db: Db, id: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    UPDATE engine.remote_reports SET given_up_at = engine.now()
    WHERE request_id = ${id} AND received_at IS NULL`.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}
