/**
 * The peer of ./recording.ts: the same recording done the usual way, one Kysely transaction a
 * run: the fence is checked and locked, then each table gets its upsert, all rows of a run in one statement.
 */
import { sql, type Transaction } from 'kysely';
import { underFence } from '../../../src/data/bots/fence.ts';
import type { Database, Db } from '../../../src/database/connect.ts';
import type { CheckOutcome } from '../../../src/run/tasks/outcome.ts';
import type { Ending } from '../../../src/run/writer/finish.ts';
import { recordInputOf, type RecordInput } from '../../../src/run/writer/record-input.ts';
import type { Run } from '../../../src/run/writer/run.ts';
import { escalate } from './recording-peer-tickets.ts';

/** Records, escalates, finishes and queues the bot's next run. */
export async function recordOne(db: Db, run: Run, outcomes: CheckOutcome[], ending: Ending) {
  await underFence(db, run, async (trx) => {
    await record(trx, run, recordInputOf(run, outcomes));
    await escalate(trx, run);
    await finish(trx, run, ending);
  });
  await queueNext(db, run);
}

async function record(trx: Transaction<Database>, run: Run, { findings, examined }: RecordInput) {
  const fingerprints = findings.map((finding) => finding.fingerprint);
  const failing = await rememberFailures(trx, run, findings);
  await writeFindings(
    trx,
    run,
    findings.filter((finding) => failing.has(finding.fingerprint)),
  );
  const clean = await rememberClean(trx, run, examined, fingerprints);
  await resolveFindings(trx, run, clean);
}

/** Pushes a failure into each fingerprint's memory; returns those that no newer start has written about. */
async function rememberFailures(
  trx: Transaction<Database>,
  run: Run,
  findings: RecordInput['findings'],
) {
  const { again, earlier } = memoryOf(run);
  const { rows } = await sql<{ fingerprint: string }>`
    INSERT INTO bot_finding_states AS s (fingerprint, bot_id, check_name, component_key, states, failures_in_row, last_fence,
                                         last_execution_id)
    SELECT r.fingerprint, ${run.bot.id}::uuid, r.check_name, r.component_key, ARRAY[true], 1, ${run.fence}::bigint, ${run.id}::uuid
    FROM jsonb_to_recordset(${JSON.stringify(findings)}::jsonb) AS r (fingerprint text, check_name text, component_key text)
    ON CONFLICT (fingerprint) DO UPDATE
    SET states = ((${earlier}) || true)[greatest(1, cardinality(${earlier}) - 19) :],
        failures_in_row = CASE WHEN ${again} THEN greatest(1, s.failures_in_row) ELSE s.failures_in_row + 1 END,
        clean_in_row = 0, last_fence = excluded.last_fence, last_execution_id = excluded.last_execution_id
    WHERE s.last_fence <= excluded.last_fence
    RETURNING fingerprint`.execute(trx);
  return new Set(rows.map((row) => row.fingerprint));
}

/**
 * A fingerprint's memory holds one result for each run: a further attempt of the same run writes over
 * the one before it. `s` is bot_finding_states.
 */
function memoryOf({ id }: Run) {
  const again = sql`s.last_execution_id IS NOT DISTINCT FROM ${id}::uuid`;
  const earlier = sql`CASE WHEN ${again} THEN trim_array(s.states, least(1, cardinality(s.states))) ELSE s.states END`;
  return { again, earlier };
}

/** `occurrences` grows once a run, whatever the attempt. */
async function writeFindings(
  trx: Transaction<Database>,
  run: Run,
  findings: RecordInput['findings'],
) {
  await sql`
    INSERT INTO bot_findings AS f (bot_id, execution_id, severity, category, title, description, affected_component,
                                   metadata, check_name, component_key, fingerprint, detected_at, last_seen_at,
                                   last_execution_id, last_fence)
    SELECT ${run.bot.id}::uuid, ${run.id}::uuid, r.severity, r.category, r.title, r.description, r.affected_component,
           r.metadata, r.check_name, r.component_key, r.fingerprint, engine.now(), engine.now(),
           ${run.id}::uuid, ${run.fence}::bigint
    FROM jsonb_to_recordset(${JSON.stringify(findings)}::jsonb) AS r (severity text, category text, title text,
      description text, affected_component text, metadata jsonb, check_name text, component_key text, fingerprint text)
    ON CONFLICT (bot_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
    SET occurrences = f.occurrences + (f.last_execution_id IS DISTINCT FROM excluded.last_execution_id)::int,
        severity = excluded.severity, title = excluded.title, description = excluded.description,
        metadata = excluded.metadata, last_seen_at = excluded.last_seen_at,
        last_execution_id = excluded.last_execution_id, last_fence = excluded.last_fence
    RETURNING id, bot_id, fingerprint, check_name, severity, category, title, description, affected_component,
              component_key, metadata, occurrences`.execute(trx);
}

/** Pushes a clean result into the memory of each open finding that was examined and not reported. */
async function rememberClean(
  trx: Transaction<Database>,
  run: Run,
  examined: RecordInput['examined'],
  reported: string[],
): Promise<string[]> {
  const { again, earlier } = memoryOf(run);
  const { rows } = await sql<{ fingerprint: string }>`
    UPDATE bot_finding_states s
    SET states = ((${earlier}) || false)[greatest(1, cardinality(${earlier}) - 19) :],
        clean_in_row = CASE WHEN ${again} THEN greatest(1, s.clean_in_row) ELSE s.clean_in_row + 1 END,
        failures_in_row = 0, last_fence = ${run.fence}::bigint, last_execution_id = ${run.id}::uuid
    FROM bot_findings f
    JOIN jsonb_to_recordset(${JSON.stringify(examined)}::jsonb) AS e (check_name text, every boolean, keys text[])
      ON e.check_name = f.check_name
    WHERE f.bot_id = ${run.bot.id}::uuid AND f.resolved_at IS NULL
      AND e.every <> (f.component_key = ANY (e.keys))
      AND f.fingerprint <> ALL (${reported}::text[])
      AND s.fingerprint = f.fingerprint AND s.last_fence <= ${run.fence}::bigint
    RETURNING s.fingerprint`.execute(trx);
  return rows.map((row) => row.fingerprint);
}

/**
 * What resolved a finding: a cure that was applied and is verified by this clean result (auto-fixed, or
 * escalated where a ticket was open by then), a person who resolved its ticket (manual), or nobody (cleared).
 */
async function resolveFindings(
  trx: Transaction<Database>,
  run: Run,
  fingerprints: string[],
): Promise<number> {
  if (fingerprints.length === 0) return 0;
  const { rows } = await sql<{ id: string }>`
    WITH verified AS (
      UPDATE bot_actions
      SET state = 'verified', success = true, hold_until = engine.now() + engine.hold_window()
      WHERE fingerprint = ANY (${fingerprints}::text[]) AND state = 'applied'
      RETURNING fingerprint
    ), aborted AS (
      -- What was only intended must not be applied when the problem comes back one day.
      UPDATE bot_actions
      SET state = 'aborted', error_message = 'the problem was gone before it was applied', settled_at = engine.now()
      WHERE fingerprint = ANY (${fingerprints}::text[]) AND state = 'intent'
    )
    UPDATE bot_findings f
    SET resolved_at = engine.now(), last_fence = ${run.fence}::bigint,
        resolution_method = CASE
          WHEN f.fingerprint IN (SELECT fingerprint FROM verified) THEN
            CASE WHEN EXISTS (SELECT FROM bot_tickets t WHERE t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned'))
                 THEN 'escalated' ELSE 'auto-fixed' END
          WHEN EXISTS (SELECT FROM bot_tickets t WHERE t.fingerprint = f.fingerprint
                         AND t.status IN ('resolved', 'closed') AND t.resolved_at >= f.detected_at) THEN 'manual'
          ELSE 'cleared' END
    WHERE f.bot_id = ${run.bot.id}::uuid AND f.resolved_at IS NULL AND f.fingerprint = ANY (${fingerprints}::text[])
    RETURNING f.id`.execute(trx);
  return rows.length;
}

async function finish(trx: Transaction<Database>, run: Run, ending: Ending) {
  const metadata = JSON.stringify({
    checks: ending.outcomes.map(({ name, title, status, ms }) => ({ name, title, status, ms })),
  });
  await trx
    .updateTable('bot_executions')
    .set({
      checks_performed: ending.outcomes.length,
      issues_found: ending.findings,
      actions_taken: ending.actions,
      reason: ending.reason,
      error_message: ending.error,
      metadata,
      status: ending.status,
      completed_at: sql<Date>`engine.now()`,
      execution_time_ms: sql<number>`extract(epoch FROM engine.now() - started_at) * 1000`,
      lease_until: null,
    })
    .where('id', '=', run.id)
    .execute();
  await sql`
    UPDATE bots b
    SET total_runs = b.total_runs + 1,
        successful_runs = b.successful_runs + 1,
        avg_execution_time_ms = round((coalesce(b.avg_execution_time_ms, 0)::numeric * b.total_runs + e.execution_time_ms)
                                      / (b.total_runs + 1)),
        last_execution_at = greatest(b.last_execution_at, e.started_at)
    FROM bot_executions e
    WHERE e.id = ${run.id}::uuid AND b.id = e.bot_id`.execute(trx);
}

const queueNext = (db: Db, { bot }: Run) =>
  sql`
    UPDATE bot_executions e SET generation = e.generation + 1
    FROM bots b
    WHERE b.id = e.bot_id AND e.status = 'queued' AND e.generation > 0
      AND e.id = (SELECT id FROM bot_executions
                  WHERE bot_id = ${bot.id}::uuid AND status = 'queued' AND generation > 0 AND run_after IS NULL
                  ORDER BY queued_at, scheduled_for LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING e.id, e.generation, b.priority`.execute(db);
