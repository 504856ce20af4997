/**
 * The remote bot has answered 202: it has taken the request on, and reports within its lease.
 *
 * From: expected.
 * To: accepted, and a report is taken until the end of the lease, or until the earlier end that it had.
 * By: the child of the run that asks.
 * Locks: the row of the request.
 * Zero rows: the row was removed.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** Returns until when a report is taken; undefined for zero rows. A report may have come before this answer. */
export async function acceptRequest(
  db: Db,
  id: string,
  leaseSeconds: number,
): Promise<Date | undefined> {
  const { rows } = await sql<{ until: Date }>`
    UPDATE engine.remote_reports r
    SET accepted_at = coalesce(r.accepted_at, engine.now()),
        lease_until = least(r.lease_until, engine.now() + make_interval(secs => ${leaseSeconds}))
    WHERE r.request_id = ${id} RETURNING r.lease_until AS until`.execute(db);
  return rows[0]?.until;
}
