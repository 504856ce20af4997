/**
 * A bot of the catalogue that needs tables of the platform is left off in a database that has only the bots' tables.
 *
 * From: `active`.
 * To: `disabled`, with the tables as its reason.
 * By: a process that starts and registers the catalogue. A bot that is only registered now is inserted as `disabled` with the
 *   same reason ({@link tablesMissing}).
 * Locks: the bots' rows, by id.
 * Zero rows: none of them is active.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** The beginning of that reason, by which enable-left-off.ts finds the bots that were left off. */
export const leftOffReason =
  'this database does not have the tables of the platform that it needs: ';

export const tablesMissing = (needs: readonly string[]): string =>
  `${leftOffReason}${needs.join(', ')} (\`npx roundsman db migrate\` adds them)`;

/** The endpoints of bots that need the same tables, and the reason. */
export interface BotsLeftOff {
  endpoints: string[];
  reason: string;
}

export async function leaveBotsOff(db: Db, bots: BotsLeftOff[]): Promise<void> {
  const byEndpoint = bots.flatMap(({ endpoints, reason }) =>
    endpoints.map((endpoint) => ({ endpoint, reason })),
  );
  await sql`
    WITH off AS MATERIALIZED (
      SELECT b.id, o.reason FROM bots b
      JOIN jsonb_to_recordset(${JSON.stringify(byEndpoint)}::jsonb) AS o (endpoint text, reason text) ON o.endpoint = b.api_endpoint
      WHERE b.status = 'active'
      -- Locks bots by id.
      ORDER BY b.id FOR NO KEY UPDATE OF b)
    UPDATE bots b SET status = 'disabled', status_reason = off.reason FROM off WHERE b.id = off.id`.execute(
    db,
  );
}
