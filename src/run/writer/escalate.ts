import { CompiledQuery, sql, type Transaction } from 'kysely';
import { suppressed } from '../../data/bots/bot-findings.ts';
import { ofFinding, silenced } from '../../data/bots/bot-silences.ts';
import { isRunning, type Fenced } from '../../data/bots/fence.ts';
import type { Database } from '../../database/connect.ts';
import { statement } from '../../batch/statement.ts';
import type { Finish } from '../../transitions/runs/finish.ts';

/** A ticket that was resolved this long ago at most is opened again; later it is a new one. */
const reopenWithin = '24 hours';

export interface Escalated {
  opened: number;
  reopened: number;
  resolved: number;
}

const findingSilenced = silenced(ofFinding('f'));

/** Whether people may be told of an open finding `f`, and there is something to tell. */
const wanting = sql`
  NOT ${suppressed('f')}
  -- Its latest result is clean: it only waits until that has been so often enough.
  AND NOT EXISTS (SELECT FROM bot_finding_states s WHERE s.fingerprint = f.fingerprint AND s.clean_in_row > 0)
  -- A cure is not judged yet: it has as long as a person would have to respond.
  AND NOT EXISTS (SELECT FROM bot_actions a
                  WHERE a.fingerprint = f.fingerprint AND a.bot_id = f.bot_id
                    AND (a.state = 'applied' OR a.state = 'verified' AND a.judge_within IS NOT NULL)
                    AND engine.now() < a.applied_at + engine.respond_within(f.severity)
                    -- Else a clock was set back, and it would wait for as long as that.
                    AND a.applied_at <= engine.now())
  -- A person has resolved it, or the storm or the finding that it stood behind, and it was not seen again since.
  AND NOT EXISTS (SELECT FROM bot_tickets t
                  WHERE t.bot_id = f.bot_id AND t.status = 'resolved'
                    AND (t.fingerprint = f.fingerprint OR t.metadata ? 'storm' OR t.finding_id = f.suppressed_by)
                    AND t.resolved_by IS DISTINCT FROM 'roundsman' AND t.resolved_at >= f.last_seen_at
                    AND t.resolved_at <= engine.now())
  AND NOT ${findingSilenced}`;

/** Whether an open finding `f` matters enough for a ticket. */
const matters = sql`
  CASE
    WHEN f.severity IN ('critical', 'high') THEN true
    -- Nobody can tell whether it happened: a person has to look, whatever the severity, also when the problem was
    -- gone meanwhile and came again.
    WHEN EXISTS (SELECT FROM bot_actions a
                 WHERE a.fingerprint = f.fingerprint AND a.bot_id = f.bot_id AND a.state = 'unknown') THEN true
    WHEN f.severity = 'medium' THEN
      EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state IN ('failed', 'aborted'))
      OR EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = f.fingerprint AND d.decided_at >= f.detected_at
                   AND d.verdict IN ('blocked', 'suggested'))
      -- Too few events came to tell whether a cure helped, for as long as a person would have had to respond.
      OR EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state = 'applied'
                   AND engine.now() >= a.applied_at + engine.respond_within(f.severity))
    ELSE EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = f.fingerprint
                   AND d.decided_at >= f.detected_at AND d.verdict = 'suggested')
  END`;

/** A run that ends here, and how many components its checks looked at. */
type Ending = Pick<Finish, 'id' | 'fence' | 'last' | 'examined'>;

/** `$1` of {@link escalateRuns}. */
export const escalateValues = (runs: Ending[]): [string] => [
  JSON.stringify(runs.map(({ id, fence, last, examined }) => ({ id, fence, last, examined }))),
];

/**
 * What is open when a run ends and matters gets at most one open ticket per fingerprint: critical and
 * high always; medium after healing failed or was blocked; low and info only to carry a suggestion, or
 * where an effect outside the database is unknown, which is so though the problem is gone.
 * Silenced and suppressed findings get none; in a storm, when more than half of a bot's components are broken,
 * only the worst finding gets one, whatever its severity. It says that it stands for a storm, and so does one
 * that is older than the storm. Tickets whose finding is gone resolve themselves; a problem that was seen again
 * counts on its ticket too. For many runs that their transaction holds; one that will be tried again (not its
 * `last` attempt, and nobody asked to cancel it) has not ended.
 *
 * The parts touch different tickets, so that one snapshot serves them all: resolved ones have no open
 * finding, those that count again have one and are open, reopened and new ones belong to open findings
 * that have no open ticket.
 */
export const escalateRuns = statement<Escalated>(
  'escalate',
  sql`
  WITH runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, r.examined
    FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, fence bigint, last boolean, examined int)
    JOIN bot_executions e ON e.id = r.id AND e.fence = r.fence AND ${isRunning}
    WHERE r.last OR e.cancel_requested_at IS NOT NULL
  ), resolved AS (
    UPDATE bot_tickets t
    SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'roundsman',
        resolution_notes = coalesce((
          SELECT 'The check passes again (' || f.resolution_method || ').' FROM bot_findings f
          WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint ORDER BY f.resolved_at DESC LIMIT 1
        ), 'The finding is gone.')
    FROM runs
    WHERE t.bot_id = runs.bot_id AND t.status IN ('open', 'assigned')
      AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint
                        AND f.resolved_at IS NULL)
      -- Nobody can tell what became of an effect: a person has to say, on this ticket.
      AND NOT EXISTS (SELECT FROM bot_actions a
                      WHERE a.fingerprint = t.fingerprint AND a.bot_id = t.bot_id AND a.state = 'unknown')
      -- While it comes and goes it is one ticket.
      AND NOT EXISTS (SELECT FROM bot_finding_states s WHERE s.fingerprint = t.fingerprint AND s.flapping_since IS NOT NULL)
    RETURNING t.id, runs.id AS run
  ), storms AS MATERIALIZED (
    SELECT runs.id AS run, worst.id AS worst, t.id AS unsaid,
           jsonb_build_object('storm', jsonb_build_object('broken', s.broken, 'of', s.known)) AS storm
    FROM runs CROSS JOIN LATERAL (
      SELECT count(DISTINCT f.affected_component) AS broken,
             greatest(count(DISTINCT f.affected_component), runs.examined) AS known
      FROM bot_findings f WHERE f.bot_id = runs.bot_id AND f.resolved_at IS NULL
        AND NOT engine.waits_for_events(f.fingerprint, f.last_seen_at)) s
    LEFT JOIN LATERAL (
      SELECT f.id, f.fingerprint FROM bot_findings f
      WHERE f.bot_id = runs.bot_id AND f.resolved_at IS NULL AND ${wanting}
      ORDER BY array_position('{critical,high,medium,low,info}', f.severity::text), f.detected_at, f.id LIMIT 1) worst ON true
    -- Its ticket is older than the storm, and says nothing of it.
    LEFT JOIN bot_tickets t ON t.bot_id = runs.bot_id AND t.fingerprint = worst.fingerprint
      AND t.status IN ('open', 'assigned') AND NOT coalesce(t.metadata ? 'storm', false)
    -- Of a run that looked at nothing nobody knows how many components there are.
    WHERE runs.examined > 0 AND s.broken >= engine.healing_limit('storm_components') AND s.broken > s.known * engine.healing_limit('storm_share')
  ), counted AS (
    UPDATE bot_tickets t
    SET finding_id = f.id, occurrences = t.occurrences + (f.last_execution_id = runs.id)::int, severity = f.severity, title = f.title,
        description = coalesce(f.description, f.title),
        metadata = coalesce(t.metadata, '{}') || jsonb_build_object('evidence', f.metadata, 'execution_id', f.last_execution_id::text)
                   || CASE WHEN t.id = storms.unsaid THEN storms.storm ELSE '{}' END
    FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    LEFT JOIN storms ON storms.run = runs.id
    WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned')
      AND (f.last_execution_id = runs.id OR t.id = storms.unsaid)
  ), needy AS MATERIALIZED (
    SELECT f.*, runs.id AS run, storms.storm
    FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    LEFT JOIN storms ON storms.run = runs.id
    WHERE coalesce(f.id = storms.worst, true)
      AND NOT EXISTS (SELECT FROM bot_tickets t WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint
                        AND t.status IN ('open', 'assigned'))
      -- Where it stands for a storm its own severity is not the question.
      AND ${wanting} AND (storms.worst IS NOT NULL OR ${matters})
    UNION ALL
    -- The problem is gone, and nobody can tell what became of an effect: a person has to look all the same.
    SELECT f.*, runs.id AS run, NULL AS storm
    FROM runs JOIN bot_actions a ON a.bot_id = runs.bot_id AND a.state = 'unknown'
    JOIN bot_findings f ON f.id = a.finding_id AND f.resolved_at IS NOT NULL
    WHERE NOT EXISTS (SELECT FROM bot_findings o WHERE o.bot_id = f.bot_id AND o.fingerprint = f.fingerprint
                        AND o.resolved_at IS NULL)
      AND NOT EXISTS (SELECT FROM bot_tickets t WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint
                        AND t.status IN ('open', 'assigned'))
      AND NOT ${findingSilenced}
  ), latest AS (
    SELECT DISTINCT ON (t.fingerprint) t.id, n.id AS finding_id, n.severity, n.run, n.storm
    FROM bot_tickets t JOIN needy n ON n.bot_id = t.bot_id AND n.fingerprint = t.fingerprint
    ORDER BY t.fingerprint, t.number DESC
  ), reopened AS (
    UPDATE bot_tickets t
    SET status = CASE WHEN t.assigned_to IS NULL THEN 'open' ELSE 'assigned' END, severity = l.severity,
        resolved_at = NULL, finding_id = l.finding_id, occurrences = t.occurrences + 1,
        metadata = coalesce(t.metadata, '{}') - 'storm' || coalesce(l.storm, '{}')
    FROM latest l
    WHERE t.id = l.id AND t.status = 'resolved' AND t.resolved_at > engine.now() - ${sql.lit(reopenWithin)}::interval
    RETURNING t.id, t.fingerprint, t.resolution_notes, t.resolved_by, l.run
  ), settings AS (
    -- A word that is none counts as not set: no setting may keep runs from ending.
    SELECT s.severity, CASE jsonb_typeof(a.who) WHEN 'string' THEN left(a.who #>> '{}', 50) END AS assignee,
           engine.respond_within(s.severity) AS target
    FROM engine.settings e, unnest('{critical,high,medium,low,info}'::text[]) AS s (severity),
         LATERAL (SELECT e.value -> 'assignees' -> s.severity AS who) a
    WHERE e.key = 'escalation'
  ), opened AS (
    INSERT INTO bot_tickets AS t (bot_id, finding_id, fingerprint, severity, title, description, status, assigned_to,
                                  respond_by, created_at, updated_at, metadata)
    SELECT n.bot_id, n.id, n.fingerprint, n.severity, n.title, coalesce(n.description, n.title),
           CASE WHEN s.assignee IS NULL THEN 'open' ELSE 'assigned' END, s.assignee,
           engine.now() + s.target, engine.now(), engine.now(),
           jsonb_build_object('check', n.check_name, 'component', n.affected_component, 'execution_id', n.run::text,
                              'evidence', n.metadata)
             || coalesce(n.storm, '{}')
    FROM needy n LEFT JOIN settings s USING (severity)
    WHERE n.fingerprint NOT IN (SELECT fingerprint FROM reopened)
    ORDER BY n.detected_at, n.fingerprint
    ON CONFLICT (bot_id, fingerprint) WHERE status IN ('open', 'assigned') DO NOTHING
    RETURNING t.id, t.assigned_to, t.metadata ->> 'execution_id' AS run
  ), events AS (
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, event, 'roundsman', detail, engine.now() FROM (
      SELECT id, 'resolved' AS event, jsonb_build_object('execution_id', run::text) AS detail FROM resolved
      UNION ALL
      SELECT id, 'reopened', jsonb_build_object('execution_id', run::text, 'resolved_by', resolved_by,
                                                'resolution_notes', resolution_notes) FROM reopened
      UNION ALL
      SELECT id, 'opened', jsonb_build_object('execution_id', run, 'assigned_to', assigned_to) FROM opened
      UNION ALL
      (SELECT DISTINCT ON (unsaid) unsaid, 'noted', jsonb_build_object('execution_id', run::text) || storm FROM storms
       WHERE unsaid IS NOT NULL ORDER BY unsaid, run)
    ) e
    RETURNING event
  )
  SELECT count(*) FILTER (WHERE event = 'opened')::int AS opened,
         count(*) FILTER (WHERE event = 'reopened')::int AS reopened,
         count(*) FILTER (WHERE event = 'resolved')::int AS resolved
  FROM events`,
);

/**
 * The same for runs that rescue ends, in its transaction. How many components they have looked at is lost with
 * their worker. As many as are broken, then: one ticket for a storm, and for each of many problems after the
 * bot's next run.
 */
export const escalateLost = (trx: Transaction<Database>, runs: Fenced[]): Promise<unknown> =>
  trx.executeQuery(
    CompiledQuery.raw(
      escalateRuns.text,
      escalateValues(runs.map(({ id, fence }) => ({ id, fence, last: true, examined: 1 }))),
    ),
  );
