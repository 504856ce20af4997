/**
 * Which open findings of a bot need a ticket when a run ends, as parts of the statement that escalates
 * (src/run/writer/escalate.ts). Each part names the earlier parts that it reads. From `runs`, the runs that end, it
 * reads `id`, `bot_id`, `answered` (a check of the bot gave an answer) and `healing_done` (healing has looked at all that
 * the run saw).
 */
import { sql, type RawBuilder } from 'kysely';
import { countsAsBroken } from './bot-findings.ts';
import { underMaintenance } from './bot-maintenance.ts';
import { ofFinding as columnsOf, silenced } from './bot-silences.ts';

import { isPending, stormOf } from './pending-tickets.ts';
import { rankOf } from './severity-rank.ts';
import { findFloods, isInFlood, isToldByCause } from './standing-tickets.ts';
import * as storms from './storms.ts';

/** Whether a silence or a maintenance window keeps people from being told of `f`. */
const isHeldBack = sql`(${silenced(columnsOf('f'))} OR ${underMaintenance('f')})`;

/** Whether the latest result of `f` is clean: it only has to be clean often enough before it resolves. */
const isClean = sql`EXISTS (SELECT FROM bot_finding_states s WHERE s.fingerprint = f.fingerprint AND s.clean_in_row > 0)`;

/** Whether a cure is not judged yet: it gets as much time as a person would have to respond. */
const isBeingCured = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql`EXISTS (SELECT FROM bot_actions a
                  WHERE a.fingerprint = ${column('fingerprint')} AND a.bot_id = ${column('bot_id')}
                    AND (a.state = 'applied' OR a.state = 'verified' AND a.judge_within IS NOT NULL)
                    AND engine.now() < a.applied_at + engine.respond_within(${column('severity')})
                    -- An applied_at in the future means that a clock was set back; without this the ticket would wait
                    -- for as long.
                    AND a.applied_at <= engine.now())`;
};

/**
 * Whether a person has resolved the ticket of `f`, or the ticket of the storm or of the finding that suppressed it, and no run
 * has seen `f` again since. A storm's ticket did not stand for a finding at which no check looked any more.
 */
const isEndedByPerson = sql`EXISTS (SELECT FROM bot_tickets t
                  WHERE t.bot_id = f.bot_id AND t.status IN ('resolved', 'closed')
                    AND (t.fingerprint = f.fingerprint OR t.finding_id = f.suppressed_by
                      OR t.metadata ? 'storm' AND (f.unexamined_since <= t.resolved_at) IS NOT TRUE)
                    AND t.resolved_by IS DISTINCT FROM 'roundsman' AND t.resolved_at >= f.last_seen_at
                    AND t.resolved_at <= engine.now())`;

/** Whether it is unknown if an effect on `f` happened: a person has to look, also when the problem was gone meanwhile. */
const inDoubt = sql`EXISTS (SELECT FROM bot_actions a
                 WHERE a.fingerprint = f.fingerprint AND a.bot_id = f.bot_id AND a.state = 'unknown')`;

/**
 * Whether no entry of knowledge acts on `f`: this run's healing has looked at it and has left it open. If healing did not come
 * to it (the run was stopped, or its worker lost, or no run reported it), the next run may still heal it: it gets as much time as
 * a person would have to respond. A finding that is left alone for one run, to see what becomes of it, waits too.
 */
const isUnhealed = sql`(
      (runs.healing_done AND f.last_execution_id = runs.id
        OR (engine.now() < f.detected_at + engine.respond_within(f.severity)) IS NOT TRUE)
      AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.finding_id = f.id AND d.verdict = 'held_out' AND d.outcome = 'pending'))`;

/**
 * Whether an open finding `f` matters enough for a ticket. Critical and high: always. Down to the severity of the setting
 * `tickets_from` (medium): when no entry of knowledge acts on it. Medium: after healing failed, was aborted, blocked or
 * suggested, or when an applied cure cannot be judged within the time that a person would have to respond. Below: only
 * to carry a suggestion.
 */
const matters = sql`
  CASE
    WHEN f.severity IN ('critical', 'high') THEN true
    WHEN ${inDoubt} THEN true
    WHEN ${rankOf(sql`f.severity`)} <= ${rankOf(sql`(SELECT engine.tickets_from())`)} AND ${isUnhealed} THEN true
    WHEN f.severity = 'medium' THEN
      EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state IN ('failed', 'aborted'))
      OR EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = f.fingerprint AND d.decided_at >= f.detected_at
                   AND d.verdict IN ('blocked', 'suggested'))
      -- Too few events came to judge the cure within the time that a person would have to respond.
      OR EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state = 'applied'
                   AND engine.now() >= a.applied_at + engine.respond_within(f.severity))
    ELSE EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = f.fingerprint
                   AND d.decided_at >= f.detected_at AND d.verdict = 'suggested')
  END`;

/**
 * `own_tickets`: the pending tickets of the bots of `runs`, which it reads. They are read once: for each finding the planner would read those
 * of its bot again.
 */
export const findOwnTickets = sql`own_tickets AS MATERIALIZED (
    SELECT t.bot_id, t.fingerprint, t.finding_id FROM runs JOIN bot_tickets t ON t.bot_id = runs.bot_id AND ${isPending('t')}
  )`;

/** Whether none of them is about `f`, as `isOf` (./pending-tickets.ts) says. */
const hasNoTicket = sql`((f.bot_id, f.fingerprint) NOT IN (SELECT bot_id, fingerprint FROM own_tickets)
      AND (f.bot_id, f.id) NOT IN (SELECT bot_id, finding_id FROM own_tickets
                                   WHERE finding_id IS NOT NULL AND fingerprint LIKE 'external-%'))`;

export const { findStormStates } = storms;
export { findFloods };

/**
 * `candidates`: open findings of which people have to be told, unless another ticket tells them: neither silenced nor in
 * maintenance, not clean, not ended by a person. `cured`: a cure of it is not judged yet. `in_storm`: the storm of its bot stands
 * for it. `needs`: it needs a ticket and has none; a part of a flood needs none while the flood is open. Reads `runs`, `storm_states`,
 * `own_tickets` and `floods`.
 */
export const findCandidates = sql`candidates AS MATERIALIZED (
    SELECT f.*, about.run, about.in_storm, about.has_none, about.cured,
           -- Only a person can say what became of an effect, and says it on its own.
           NOT about.cured AND about.has_none
             AND CASE WHEN about.in_storm OR ${isInFlood('f')} THEN ${inDoubt} ELSE ${matters} END AS needs
    FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    CROSS JOIN LATERAL (
      SELECT runs.id AS run, ${hasNoTicket} AS has_none, ${isBeingCured('f')} AS cured,
             EXISTS (SELECT FROM storm_states w WHERE w.run = runs.id AND w.is_storm) AND ${countsAsBroken('f')} AS in_storm) about
    WHERE NOT ${isClean} AND NOT ${isEndedByPerson} AND NOT ${isHeldBack}
  )`;

/**
 * Whether people may be told of a row `f` of `candidates`: no cure of it waits for its verdict, and no cause of it, as severe
 * as it at least, has a pending ticket, or gets one now. A critical or high cause on which a remedy has just acted counts as
 * one with a ticket: it gets its ticket if that did not help.
 */
const mayBeTold = sql`NOT f.cured AND NOT ${isToldByCause('f', {
  opened: sql`EXISTS (SELECT FROM candidates c WHERE c.id = behind.id AND (c.needs OR c.in_storm AND NOT c.cured))
          OR behind.severity IN ('critical', 'high') AND ${isBeingCured('behind')}`,
  ended: sql`EXISTS (SELECT FROM storm_states w WHERE w.ticket = t.id AND NOT w.is_storm)`,
})}`;

/** `storms`, which reads `storm_states` and `candidates`. */
export const findStorms = storms.findStorms(mayBeTold);

/** The columns of a problem that needs a ticket; `details` becomes the ticket's metadata. */
const ofFinding = (
  run: RawBuilder<unknown>,
) => sql`f.bot_id, f.id, f.fingerprint, f.severity, f.title,
           coalesce(f.description, f.title) AS description, f.detected_at, ${run} AS run,
           jsonb_build_object('check', f.check_name, 'component', f.affected_component, 'evidence', f.metadata) AS details`;

/** `needing_ticket`: the findings and storms that need a ticket and have none. Reads `runs`, `candidates` and `storms`. */
export const findNeedingTicket = sql`needing_ticket AS MATERIALIZED (
    SELECT ${ofFinding(sql`f.run`)} FROM candidates f WHERE f.needs AND ${mayBeTold}
    UNION ALL
    -- The problem is gone, but it is unknown what became of an effect: a person still has to look.
    SELECT ${ofFinding(sql`runs.id`)}
    FROM runs JOIN bot_actions a ON a.bot_id = runs.bot_id AND a.state = 'unknown'
    JOIN bot_findings f ON f.id = a.finding_id AND f.resolved_at IS NOT NULL
    WHERE NOT EXISTS (SELECT FROM bot_findings o WHERE o.bot_id = f.bot_id AND o.fingerprint = f.fingerprint
                        AND o.resolved_at IS NULL)
      AND ${hasNoTicket}
      AND NOT ${isHeldBack}
    UNION ALL
    SELECT s.bot_id, s.worst, ${stormOf(sql`s.bot_id`)}, s.severity, s.title, s.description, s.detected_at, s.run, s.storm
    FROM storms s WHERE s.is_storm AND s.ticket IS NULL AND s.worst IS NOT NULL
  )`;
