/**
 * A bot of the catalogue whose code no living process has is left off, as if it had been removed: its file is gone, or cannot be loaded.
 *
 * From: `active`, with an endpoint that names a bot of the catalogue.
 * To: `disabled`, with the reason that its code is gone. Its runs, findings and tickets stay as they are.
 * By: a process that starts, after it has recorded which bots it knows (`engine.nodes.bots`).
 * Locks: the bots' rows, by id.
 * Zero rows: a living process knows each of them, or is of an earlier version and does not say what it knows.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { nodeTimeoutSeconds } from '../../database/node-timeout.ts';

/** The beginning of that reason, by which enable-with-code.ts finds the bots. */
export const codeGone = 'no process has its code';

const reason = `${codeGone}: its file was removed, cannot be loaded, or is not in roundsman.config.ts (\`npx roundsman doctor\` says what was left out)`;

/** The name of the bot of the catalogue that an endpoint names; NULL for an address and a source. */
export const nameInEndpoint = sql<string>`substring(b.api_endpoint FROM '^(?:/api/bots/|bot:)(.*)$')`;

/** Returns the names of the bots that were left off. */
export async function leaveOffWithoutCode(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    WITH alive AS MATERIALIZED (
      SELECT n.bots FROM engine.nodes n
      WHERE n.heartbeat_at > engine.now() - make_interval(secs => ${sql.lit(nodeTimeoutSeconds)})),
    gone AS MATERIALIZED (
      SELECT b.id FROM bots b
      WHERE b.status = 'active' AND ${nameInEndpoint} IS NOT NULL
        AND NOT EXISTS (SELECT FROM alive WHERE alive.bots IS NULL OR ${nameInEndpoint} = ANY (alive.bots))
      -- Locks bots by id.
      ORDER BY b.id FOR NO KEY UPDATE OF b)
    UPDATE bots b SET status = 'disabled', status_reason = ${reason} FROM gone WHERE b.id = gone.id
    RETURNING b.name`.execute(db);
  return rows.map(({ name }) => name);
}
