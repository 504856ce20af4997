/**
 * A snoozed ticket wakes by itself: when its time is over, when it becomes more severe than it was when it was snoozed, or
 * when as many runs as the person said have seen its problem again. Only runs that began after the snooze count: the person
 * already knew what an older run reports, even if its report comes later. A higher severity wakes the ticket whichever
 * run found it, because the person did not know of it.
 *
 * From: `open` or `assigned`, snoozed.
 * To: the same status with `woken_at`, which ends the snooze, and an event; the columns that the person wrote stay.
 * By: the timer that concludes outcomes, in any process; or the worker or rescue that ends a run (part of `escalate`), in the
 *   statement's one update of the ticket (`rate.ts`).
 * Locks: the timer locks tickets in no fixed order, and skips those that other transactions hold; `escalate` has locked them.
 * Zero rows: no snooze is over.
 */
import { sql, type RawBuilder } from 'kysely';
import { rises } from '../../data/bots/bot-findings.ts';
import { isPending, isSnoozed } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';

/** Wakes at most `maxRows` tickets whose time is over; returns how many. It is one statement, so it needs no transaction. */
export async function wakeTickets(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    WITH due AS MATERIALIZED (
      SELECT t.id, t.snoozed_until FROM bot_tickets t
      WHERE ${isPending('t')} AND t.snoozed_until <= engine.now()
        AND (t.woken_at IS NULL OR t.woken_at < coalesce(t.snoozed_at, t.snoozed_until))
      -- Locks bot_tickets in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE SKIP LOCKED
    ), woken AS (
      UPDATE bot_tickets t SET woken_at = ${wokenAt} FROM due WHERE t.id = due.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'woken', 'roundsman', jsonb_build_object('why', 'its time is over', 'until', snoozed_until), engine.now()
    FROM due RETURNING id`.execute(db);
  return rows.length;
}

/** Never before the snooze that it ends: a statement may have begun before that, and have waited for the ticket. */
const wokenAt = sql`greatest(engine.now(), t.snoozed_at)`;

const snoozedNow = isSnoozed('t', sql`engine.now()`);

/** 1 where the run that began at `c.began` counts for the snooze of the ticket `t`, else 0. */
const counts = sql`((${snoozedNow} AND t.snoozed_occurrences IS NOT NULL AND c.began > t.snoozed_at) IS TRUE)::int`;

/**
 * Two columns for the ticket `t` whose new severity is `severity`: `counts`, as above, and `wakes`, why the ticket wakes, or
 * NULL where it does not.
 */
export const wakes = (severity: RawBuilder<unknown>) => sql`${counts} AS counts,
           CASE WHEN ${snoozedNow} THEN
             CASE WHEN ${rises(sql`coalesce(t.snoozed_severity, t.severity)`, severity)} THEN 'it is more severe'
               WHEN ${counts} = 1 AND t.snooze_seen + 1 >= t.snoozed_occurrences
                 THEN 'it was seen ' || t.snoozed_occurrences || ' more times' END END AS wakes`;

/** The columns that the update of tickets `t` writes; `r` is the ticket's row of `changed` (`rate.ts`), or all NULL. */
export const wake = sql`snooze_seen = t.snooze_seen + coalesce(r.counts, 0),
        woken_at = CASE WHEN r.wakes IS NULL THEN t.woken_at ELSE ${wokenAt} END`;

/** The events of these tickets. Reads `changed`. */
export const wakeEvents = sql`
      SELECT id, 'woken', jsonb_build_object('execution_id', run::text, 'why', wakes) FROM changed WHERE wakes IS NOT NULL`;
