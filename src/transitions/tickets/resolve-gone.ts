/**
 * Resolves a ticket whose finding is gone. Not the ticket of a storm, which has no finding: `end-storm.ts`. Nor a ticket that
 * is merged, or into which others are merged: all of these end together (`resolve-merged.ts`).
 *
 * From: `open` or `assigned`.
 * To: `resolved`, by `roundsman`, with an event.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: tickets; the transaction holds their bot.
 * Zero rows: the finding is open, a person reopened the ticket although its finding was gone, an action about the finding is
 *   `unknown`, the problem comes and goes, or the ticket is merged with others.
 */
import { sql } from 'kysely';
import { isPending, stormOf } from '../../data/bots/pending-tickets.ts';

/** Whether the problem of a ticket `t` is gone, so that no person has to look at it any more. */
export const isGone = sql`(t.fingerprint <> ${stormOf(sql`t.bot_id`)}
      -- A person reopened it although its problem was gone, and ends it.
      AND t.reopened_by IS NULL
      -- OFFSET 0: looked up in the index. The planner takes a table that has just grown for small, and would compare each ticket with each
      -- finding.
      AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint
                        AND f.resolved_at IS NULL OFFSET 0)
      -- A ticket about no finding, or about one that is open, is for a person to resolve: the platform's own code may
      -- write such a ticket.
      AND t.finding_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.id = t.finding_id AND f.resolved_at IS NULL OFFSET 0)
      -- It is not known whether an effect happened: a person has to say so on this ticket.
      AND NOT EXISTS (SELECT FROM bot_actions a
                      WHERE a.fingerprint = t.fingerprint AND a.bot_id = t.bot_id AND a.state = 'unknown')
      -- A problem that comes and goes keeps its one ticket.
      AND NOT EXISTS (SELECT FROM bot_finding_states s WHERE s.fingerprint = t.fingerprint AND s.flapping_since IS NOT NULL))`;

/** The resolution notes of a ticket `t` whose problem is gone. */
export const goneNotes = sql`coalesce((
          SELECT CASE f.resolution_method
              WHEN 'unreported' THEN 'It is no longer reported' || coalesce(' (' || (f.metadata ->> 'unreported') || ')', '')
                || '. It is not known whether the problem is gone.'
              ELSE 'The check passes again (' || f.resolution_method || ').' END
          FROM bot_findings f
          WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint ORDER BY f.resolved_at DESC LIMIT 1
        ), 'The finding is gone.')`;

/** `resolved`. Reads `runs`. */
export const resolveGone = sql`resolved AS (
    UPDATE bot_tickets t
    SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'roundsman', resolution_notes = ${goneNotes}
    FROM runs
    WHERE t.bot_id = runs.bot_id AND ${isPending('t')} AND ${isGone}
      AND t.merged_into IS NULL
      AND NOT EXISTS (SELECT FROM bot_tickets m WHERE m.merged_into = t.id AND ${isPending('m')})
    RETURNING t.id, t.number, t.severity, runs.id AS run
  )`;
