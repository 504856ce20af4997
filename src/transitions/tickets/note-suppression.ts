/**
 * The problem of a pending ticket begins to stand behind a cause, or no longer does: the ticket's history says so. The ticket
 * stays pending meanwhile. Whether people are told of the problem through it is decided elsewhere
 * (data/bots/standing-tickets.ts).
 *
 * From: `open` or `assigned`, its open finding suppressed; any status but `closed`, noted, and suppressed no longer.
 * To: the same status, `suppressed_since` in its metadata or taken out of it, with an event `suppressed` or
 *   `suppression_ended`.
 * By: the timer that concludes outcomes, in any process.
 * Locks: tickets in no fixed order; those that other transactions hold are skipped.
 * Zero rows: every ticket already says whether its problem stands behind a cause.
 */
import { sql } from 'kysely';
import { standsBehind } from '../../data/bots/bot-findings.ts';
import { isPending } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';

/**
 * Notes at most `maxRows` beginnings and as many ends; returns how many. It is one statement, so it needs no transaction
 * around it.
 */
export async function noteSuppression(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    WITH begun AS (
      SELECT t.id, p.title AS behind FROM bot_findings f
      JOIN bot_tickets t ON t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint
      JOIN bot_findings p ON p.id = f.suppressed_by
      WHERE f.resolved_at IS NULL AND ${standsBehind('f')} AND ${isPending('t')}
        AND NOT coalesce(t.metadata ? 'suppressed_since', false) AND coalesce(jsonb_typeof(t.metadata), 'object') = 'object'
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), ended AS (
      SELECT t.id, NULL::text AS behind FROM bot_tickets t
      WHERE t.metadata ? 'suppressed_since' AND t.status <> 'closed' AND jsonb_typeof(t.metadata) = 'object'
        AND NOT EXISTS (SELECT FROM bot_findings f
                        WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint AND f.resolved_at IS NULL
                          AND ${standsBehind('f')})
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), due AS MATERIALIZED (
      SELECT * FROM begun UNION ALL SELECT * FROM ended
    ), noted AS (
      UPDATE bot_tickets t
      SET metadata = CASE WHEN due.behind IS NULL THEN t.metadata - 'suppressed_since'
                     ELSE coalesce(t.metadata, '{}') || jsonb_build_object('suppressed_since', engine.now()) END
      FROM due WHERE t.id = due.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, CASE WHEN behind IS NULL THEN 'suppression_ended' ELSE 'suppressed' END, 'roundsman',
           CASE WHEN behind IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('behind', behind) END, engine.now()
    FROM due RETURNING id`.execute(db);
  return rows.length;
}
