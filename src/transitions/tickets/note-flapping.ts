/**
 * A problem that comes and goes (that flaps) keeps one ticket. Its history says when the flapping began and when it ended.
 * The same result of a run may end the flapping and resolve the ticket.
 *
 * From: `open` or `assigned`, its problem flapping; any status but `closed`, its problem no longer flapping.
 * To: the same status, `flapping_since` in its metadata or taken out of it, with an event `flapping` or `flapping_ended`.
 * By: the timer that concludes outcomes, in any process.
 * Locks: tickets in no fixed order; those that other transactions hold are skipped.
 * Zero rows: every ticket already says what its problem's memory says.
 */
import { sql } from 'kysely';
import { isPending } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';

/**
 * Notes at most `maxRows` beginnings and as many ends; returns how many. It is one statement, so it needs no transaction
 * around it.
 */
export async function noteFlapping(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    WITH begun AS (
      SELECT t.id, s.flapping_since FROM bot_tickets t JOIN bot_finding_states s ON s.fingerprint = t.fingerprint
      WHERE ${isPending('t')} AND s.flapping_since IS NOT NULL
        AND NOT coalesce(t.metadata ? 'flapping_since', false)
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), ended AS (
      SELECT t.id, s.flapping_since FROM bot_tickets t JOIN bot_finding_states s ON s.fingerprint = t.fingerprint
      WHERE t.metadata ? 'flapping_since' AND t.status <> 'closed' AND s.flapping_since IS NULL
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF t SKIP LOCKED
    ), due AS MATERIALIZED (
      SELECT * FROM begun UNION ALL SELECT * FROM ended
    ), noted AS (
      UPDATE bot_tickets t
      SET metadata = CASE WHEN due.flapping_since IS NULL THEN t.metadata - 'flapping_since'
                     ELSE coalesce(t.metadata, '{}') || jsonb_build_object('flapping_since', due.flapping_since) END
      FROM due WHERE t.id = due.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, CASE WHEN flapping_since IS NULL THEN 'flapping_ended' ELSE 'flapping' END, 'roundsman',
           CASE WHEN flapping_since IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('since', flapping_since) END, engine.now()
    FROM due RETURNING id`.execute(db);
  return rows.length;
}
