/** The tickets of one run, for the peer of ./recording.ts: a statement for each thing that may happen to them. */
import { sql, type Transaction } from 'kysely';
import { silenced } from '../../../src/data/bots/bot-silences.ts';
import type { Database } from '../../../src/database/connect.ts';
import type { Run } from '../../../src/run/writer/run.ts';

export async function escalate(trx: Transaction<Database>, run: Run) {
  await resolveTickets(trx, run);
  await countAgain(trx, run);
  await reopen(trx, run);
  await open(trx, run);
}

const reopenWithin = '24 hours';

const findingSilenced = silenced({
  bot_id: sql`f.bot_id`,
  component: sql`f.affected_component`,
  category: sql`f.category`,
  fingerprint: sql`f.fingerprint`,
});

/** The findings of this run's bot that need a ticket and have none that is open. */
const needy = (run: Run) => sql`
  SELECT f.* FROM bot_findings f
  WHERE f.bot_id = ${run.bot.id}::uuid AND f.resolved_at IS NULL AND f.suppressed_by IS NULL
    AND NOT EXISTS (SELECT FROM bot_tickets t WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint
                      AND t.status IN ('open', 'assigned'))
    AND NOT ${findingSilenced}
    AND CASE
      WHEN f.severity IN ('critical', 'high') THEN true
      -- Nothing that is known acts on it. (Its runs are never stopped before healing has looked at all.)
      WHEN array_position('{critical,high,medium,low,info}', f.severity::text)
             <= array_position('{critical,high,medium,low,info}', engine.tickets_from())
           AND f.last_execution_id = ${run.id}::uuid
           AND NOT EXISTS (SELECT FROM bot_decisions d WHERE d.finding_id = f.id AND d.verdict = 'held_out'
                             AND d.outcome = 'pending') THEN true
      WHEN f.severity = 'medium' THEN
        EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state IN ('failed', 'unknown', 'aborted'))
        OR EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = f.fingerprint AND d.decided_at >= f.detected_at
                     AND d.verdict IN ('blocked', 'suggested'))
      ELSE EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = f.fingerprint
                     AND d.decided_at >= f.detected_at AND d.verdict = 'suggested')
    END`;

async function reopen(trx: Transaction<Database>, run: Run): Promise<number> {
  const { rows } = await sql`
    WITH needy AS (${needy(run)}), latest AS (
      SELECT DISTINCT ON (t.fingerprint) t.id, n.id AS finding_id, n.severity
      FROM bot_tickets t JOIN needy n ON n.bot_id = t.bot_id AND n.fingerprint = t.fingerprint
      ORDER BY t.fingerprint, t.number DESC
    ), reopened AS (
      UPDATE bot_tickets t
      SET status = CASE WHEN t.assigned_to IS NULL THEN 'open' ELSE 'assigned' END, severity = l.severity,
          resolved_at = NULL, acknowledged_at = NULL, acknowledged_by = NULL, snoozed_until = NULL, reopened_by = NULL,
          respond_by = engine.now() + engine.respond_within(l.severity), finding_id = l.finding_id, occurrences = t.occurrences + 1
      FROM latest l
      WHERE t.id = l.id AND t.status = 'resolved' AND t.resolved_at > engine.now() - ${reopenWithin}::interval
      RETURNING t.id, t.resolution_notes, t.resolved_by
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'reopened', 'roundsman', jsonb_build_object('execution_id', ${run.id}::text,
             'resolved_by', resolved_by, 'resolution_notes', resolution_notes), engine.now()
    FROM reopened RETURNING id`.execute(trx);
  return rows.length;
}

async function open(trx: Transaction<Database>, run: Run): Promise<number> {
  const { rows } = await sql`
    WITH needy AS (${needy(run)}), settings AS (
      -- A word or number that is none counts as not set: no setting may keep runs from ending.
      SELECT s.severity, CASE jsonb_typeof(a.who) WHEN 'string' THEN left(a.who #>> '{}', 50) END AS assignee,
             CASE jsonb_typeof(a.minutes) WHEN 'number' THEN least(a.minutes::float8, 525600) END AS minutes
      FROM engine.settings e, unnest('{critical,high,medium,low,info}'::text[]) AS s (severity),
           LATERAL (SELECT e.value -> 'assignees' -> s.severity AS who,
                           e.value -> 'respond_within_minutes' -> s.severity AS minutes) a
      WHERE e.key = 'escalation'
    ), opened AS (
      INSERT INTO bot_tickets (bot_id, finding_id, fingerprint, severity, title, description, status, assigned_to,
                               respond_by, created_at, updated_at, metadata)
      SELECT n.bot_id, n.id, n.fingerprint, n.severity, n.title, coalesce(n.description, n.title),
             CASE WHEN s.assignee IS NULL THEN 'open' ELSE 'assigned' END, s.assignee,
             engine.now() + make_interval(secs => s.minutes * 60), engine.now(), engine.now(),
             jsonb_build_object('check', n.check_name, 'component', n.affected_component, 'execution_id', ${run.id}::text,
                                'evidence', n.metadata)
      FROM needy n LEFT JOIN settings s USING (severity)
      ORDER BY n.detected_at, n.fingerprint
      ON CONFLICT (bot_id, fingerprint) WHERE status IN ('open', 'assigned') DO NOTHING
      RETURNING id, assigned_to
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'opened', 'roundsman', jsonb_build_object('execution_id', ${run.id}::text, 'assigned_to', assigned_to), engine.now()
    FROM opened RETURNING id`.execute(trx);
  return rows.length;
}

/** A problem that was seen again by this run counts on its ticket too. */
const countAgain = (trx: Transaction<Database>, run: Run) =>
  sql`
    UPDATE bot_tickets t
    SET occurrences = t.occurrences + 1, severity = f.severity, title = f.title,
        description = coalesce(f.description, f.title),
        metadata = coalesce(t.metadata, '{}') || jsonb_build_object('evidence', f.metadata, 'execution_id', ${run.id}::text)
    FROM bot_findings f
    WHERE f.bot_id = ${run.bot.id}::uuid AND f.resolved_at IS NULL AND f.last_execution_id = ${run.id}::uuid
      AND t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned')`.execute(
    trx,
  );

async function resolveTickets(trx: Transaction<Database>, run: Run): Promise<number> {
  const { rows } = await sql`
    WITH resolved AS (
      UPDATE bot_tickets t
      SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'roundsman',
          resolution_notes = coalesce((
            SELECT 'The check passes again (' || f.resolution_method || ').' FROM bot_findings f
            WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint ORDER BY f.resolved_at DESC LIMIT 1
          ), 'The finding is gone.')
      WHERE t.bot_id = ${run.bot.id}::uuid AND t.status IN ('open', 'assigned')
        AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint
                          AND f.resolved_at IS NULL)
      RETURNING t.id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'resolved', 'roundsman', jsonb_build_object('execution_id', ${run.id}::text), engine.now()
    FROM resolved RETURNING id`.execute(trx);
  return rows.length;
}
