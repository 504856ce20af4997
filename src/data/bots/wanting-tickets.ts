/**
 * Which open findings of a bot need a ticket when a run ends, as parts of the statement that escalates
 * (src/run/writer/escalate.ts). Each part names the earlier parts that it reads. From `runs`, the runs that end, it
 * reads `id`, `bot_id` and `examined` (the components that the run looked at).
 */
import { sql } from 'kysely';
import { severityWords, suppressed } from './bot-findings.ts';
import { ofFinding, silenced } from './bot-silences.ts';
import { isPending } from './bot-tickets.ts';

const findingSilenced = silenced(ofFinding('f'));

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
                  WHERE t.bot_id = f.bot_id AND t.status = 'resolved'
                    AND (t.fingerprint = f.fingerprint OR t.metadata ? 'storm' OR t.finding_id = f.suppressed_by)
                    AND t.resolved_by IS DISTINCT FROM 'roundsman' AND t.resolved_at >= f.last_seen_at
                    AND t.resolved_at <= engine.now())
  AND NOT ${findingSilenced}`;

/**
 * Whether an open finding `f` matters enough for a ticket. Critical and high: always. Medium: after healing failed,
 * was aborted, blocked or suggested, or when an applied cure cannot be judged within the time that a person would
 * have to respond. Low and info: only to carry a suggestion. If no knowledge fits, there is no row for it, so that is
 * no reason by itself.
 */
const matters = sql`
  CASE
    WHEN f.severity IN ('critical', 'high') THEN true
    -- It is unknown whether an effect happened: a person has to look, whatever the severity, also when the problem
    -- was gone meanwhile and came again.
    WHEN EXISTS (SELECT FROM bot_actions a
                 WHERE a.fingerprint = f.fingerprint AND a.bot_id = f.bot_id AND a.state = 'unknown') THEN true
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

const hasNone = sql`NOT EXISTS (SELECT FROM bot_tickets t WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint
                        AND ${isPending('t')})`;

/**
 * `storms`: runs whose bot has more than half of its components broken, with the worst finding, which alone gets a
 * ticket (`worst`), and its ticket if that was opened before the storm (`unsaid`). Reads `runs`.
 */
export const findStorms = sql`storms AS MATERIALIZED (
    SELECT runs.id AS run, worst.id AS worst, t.id AS unsaid,
           jsonb_build_object('storm', jsonb_build_object('broken', s.broken, 'of', s.known)) AS storm
    FROM runs CROSS JOIN LATERAL (
      SELECT count(DISTINCT f.affected_component) AS broken,
             greatest(count(DISTINCT f.affected_component), runs.examined) AS known
      FROM bot_findings f WHERE f.bot_id = runs.bot_id AND f.resolved_at IS NULL
        AND NOT engine.waits_for_events(f.fingerprint, f.last_seen_at)) s
    LEFT JOIN LATERAL (
      SELECT f.id, f.fingerprint FROM bot_findings f
      WHERE f.bot_id = runs.bot_id AND f.resolved_at IS NULL AND ${mayBeTold}
      ORDER BY array_position(${severityWords}, f.severity::text), f.detected_at, f.id LIMIT 1) worst ON true
    -- Its ticket was opened before the storm and does not mention it.
    LEFT JOIN bot_tickets t ON t.bot_id = runs.bot_id AND t.fingerprint = worst.fingerprint
      AND ${isPending('t')} AND NOT coalesce(t.metadata ? 'storm', false)
    -- A run that looked at nothing does not know how many components there are.
    WHERE runs.examined > 0 AND s.broken >= engine.healing_limit('storm_components') AND s.broken > s.known * engine.healing_limit('storm_share')
  )`;

/** `needy`: findings that need a ticket and have none. Reads `runs` and `storms`. */
export const findNeedy = sql`needy AS MATERIALIZED (
    SELECT f.*, runs.id AS run, storms.storm
    FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    LEFT JOIN storms ON storms.run = runs.id
    WHERE coalesce(f.id = storms.worst, true)
      AND ${hasNone}
      -- A finding that stands for a storm gets its ticket whatever its own severity is.
      AND ${mayBeTold} AND (storms.worst IS NOT NULL OR ${matters})
    UNION ALL
    -- The problem is gone, but it is unknown what became of an effect: a person still has to look.
    SELECT f.*, runs.id AS run, NULL AS storm
    FROM runs JOIN bot_actions a ON a.bot_id = runs.bot_id AND a.state = 'unknown'
    JOIN bot_findings f ON f.id = a.finding_id AND f.resolved_at IS NOT NULL
    WHERE NOT EXISTS (SELECT FROM bot_findings o WHERE o.bot_id = f.bot_id AND o.fingerprint = f.fingerprint
                        AND o.resolved_at IS NULL)
      AND ${hasNone}
      AND NOT ${findingSilenced}
  )`;
