/**
 * Which open findings of a bot need a ticket when a run ends, as parts of the statement that escalates
 * (src/run/writer/escalate.ts). Each part names the earlier parts that it reads. From `runs`, the runs that end, it
 * reads `id`, `bot_id`, `examined` (how many components the run looked at: 0 when it does not know, NULL when that is
 * lost with its worker) and `healing_done` (healing has looked at all that the run saw).
 */
import { sql, type RawBuilder } from 'kysely';
import { severityWords, suppressed } from './bot-findings.ts';
import { ofFinding as columnsOf, silenced } from './bot-silences.ts';
import { isOf, isPending, stormOf } from './pending-tickets.ts';
import * as storms from './storms.ts';

const findingSilenced = silenced(columnsOf('f'));

/** Whether people may be told of an open finding `f`, and there is something to say. */
const mayBeTold = sql`
  NOT ${suppressed('f')}
  -- Its latest result is clean: it only has to be clean often enough before it resolves.
  AND NOT EXISTS (SELECT FROM bot_finding_states s WHERE s.fingerprint = f.fingerprint AND s.clean_in_row > 0)
  -- A cure is not judged yet: it gets as much time as a person would have to respond.
  AND NOT EXISTS (SELECT FROM bot_actions a
                  WHERE a.fingerprint = f.fingerprint AND a.bot_id = f.bot_id
                    AND (a.state = 'applied' OR a.state = 'verified' AND a.judge_within IS NOT NULL)
                    AND engine.now() < a.applied_at + engine.respond_within(f.severity)
                    -- An applied_at in the future means that a clock was set back; without this the ticket would wait
                    -- for as long.
                    AND a.applied_at <= engine.now())
  -- A person has resolved its ticket, or the ticket of the storm or of the finding that suppressed it, and no run has
  -- seen it again since.
  AND NOT EXISTS (SELECT FROM bot_tickets t
                  WHERE t.bot_id = f.bot_id AND t.status IN ('resolved', 'closed')
                    AND (t.fingerprint = f.fingerprint OR t.metadata ? 'storm' OR t.finding_id = f.suppressed_by)
                    AND t.resolved_by IS DISTINCT FROM 'roundsman' AND t.resolved_at >= f.last_seen_at
                    AND t.resolved_at <= engine.now())
  AND NOT ${findingSilenced}`;

/** It is unknown whether an effect on `f` happened: a person has to look, also when the problem was gone meanwhile. */
const inDoubt = sql`EXISTS (SELECT FROM bot_actions a
                 WHERE a.fingerprint = f.fingerprint AND a.bot_id = f.bot_id AND a.state = 'unknown')`;

const rank = (severity: RawBuilder<unknown>) =>
  sql`array_position(${severityWords}::text[], ${severity}::text)`;

/**
 * Nothing that is known acts on `f`: this run's healing has looked at it and has left it open. Where healing did not come
 * to it (the run was stopped, or its worker lost, or no run reported it), the next run may still heal it: it gets as
 * much time as a person would have to respond. What is left alone for one run, to see what becomes of it, waits too.
 */
const unhealed = sql`(
      (runs.healing_done AND f.last_execution_id = runs.id
        OR (engine.now() < f.detected_at + engine.respond_within(f.severity)) IS NOT TRUE)
      AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.finding_id = f.id AND d.verdict = 'held_out' AND d.outcome = 'pending'))`;

/**
 * Whether an open finding `f` matters enough for a ticket. Critical and high: always. Down to the severity of the setting
 * `tickets_from` (medium): when nothing that is known acts on it. Medium: after healing failed, was aborted, blocked or
 * suggested, or when an applied cure cannot be judged within the time that a person would have to respond. Below: only
 * to carry a suggestion.
 */
const matters = sql`
  CASE
    WHEN f.severity IN ('critical', 'high') THEN true
    WHEN ${inDoubt} THEN true
    WHEN ${rank(sql`f.severity`)} <= ${rank(sql`(SELECT engine.tickets_from())`)} AND ${unhealed} THEN true
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

const hasNone = sql`NOT EXISTS (SELECT FROM bot_tickets t WHERE ${isOf('t', 'f')} AND ${isPending('t')})`;

export const { findWeather } = storms;

/** `storms`, which reads `weather`. */
export const findStorms = storms.findStorms(mayBeTold);

/** The columns of a problem that needs a ticket; `details` is what the ticket's metadata tells of it. */
const ofFinding = sql`f.bot_id, f.id, f.fingerprint, f.severity, f.title, coalesce(f.description, f.title) AS description,
           f.detected_at, runs.id AS run,
           jsonb_build_object('check', f.check_name, 'component', f.affected_component, 'evidence', f.metadata) AS details`;

/** `needy`: findings, and storms, that need a ticket and have none. Reads `runs` and `storms`. */
export const findNeedy = sql`needy AS MATERIALIZED (
    SELECT ${ofFinding}
    FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    WHERE ${hasNone} AND ${mayBeTold}
      -- In a storm one ticket stands for all. Only a person can say what became of an effect, and says it on its own.
      AND CASE WHEN EXISTS (SELECT FROM storms WHERE storms.run = runs.id AND storms.rages) THEN ${inDoubt} ELSE ${matters} END
    UNION ALL
    -- The problem is gone, but it is unknown what became of an effect: a person still has to look.
    SELECT ${ofFinding}
    FROM runs JOIN bot_actions a ON a.bot_id = runs.bot_id AND a.state = 'unknown'
    JOIN bot_findings f ON f.id = a.finding_id AND f.resolved_at IS NOT NULL
    WHERE NOT EXISTS (SELECT FROM bot_findings o WHERE o.bot_id = f.bot_id AND o.fingerprint = f.fingerprint
                        AND o.resolved_at IS NULL)
      AND ${hasNone}
      AND NOT ${findingSilenced}
    UNION ALL
    SELECT s.bot_id, s.worst, ${stormOf(sql`s.bot_id`)}, s.severity, s.title, s.description, s.detected_at, s.run, s.storm
    FROM storms s WHERE s.rages AND s.ticket IS NULL AND s.worst IS NOT NULL
  )`;
