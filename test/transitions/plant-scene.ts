/** Puts the rows of the scene into a database. */
import { plantErrors } from '../../src/demo/plant-errors.ts';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { nothingHeldOut } from '../support/runs.ts';
import {
  bots,
  runs,
  fences,
  slot,
  problems,
  entries,
  merged,
  requestId,
  solution,
} from './scene.ts';

/** The action of each finding: an intent, an applied step that waits for its check, an abandoned intent, and an unknown effect. */
const unfinished = [
  { state: 'intent', run: runs.first, applied: false },
  { state: 'applied', run: runs.beside, applied: true },
  { state: 'intent', run: runs.ended, applied: false },
  { state: 'unknown', run: runs.other, applied: false },
];

export async function plantScene(db: Db): Promise<void> {
  await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', '["a.example"]')`.execute(
    db,
  );
  await sql`
    INSERT INTO bots (id, name, display_name, schedule_cron, api_endpoint, concurrency, max_attempts, clear, definition_version, checked_version, planned_from, next_slot_at, next_execution_at)
    SELECT id, 'bot-' || n, 'Bot', '0 0 * * 1', CASE n WHEN 1 THEN '/api/bots/nobody' ELSE 'https://bot.example/mail' END, 100, 3, 1, 1, 1, '2026-01-01', ${slot}::timestamptz, ${slot}::timestamptz
    FROM unnest(${[...bots]}::uuid[]) WITH ORDINALITY AS b (id, n)`.execute(db);
  const at = new Date();
  await plantErrors(db, [
    { error_type: 'a', error_message: 'x', at },
    { error_type: 'b', error_message: 'x', at },
  ]);
  const run = (id: string, bot: 0 | 1, status: string, rest: Record<string, unknown> = {}) =>
    db
      .insertInto('bot_executions')
      .values({
        id,
        bot_id: bots[bot],
        status: status as 'queued',
        trigger: 'manual',
        started_at: sql<Date>`now()`,
        generation: 1,
        max_attempts: 3,
        queued_at: sql<Date>`now() - interval '1 minute'`,
        ...rest,
      })
      .execute();
  const carried = (id: string) => ({
    attempt: 1,
    fence: fences[id]!,
    worker: 'w',
    lease_until: sql<Date>`now() + interval '1 hour'`,
  });
  const lost = { fence: '9', worker: 'w', lease_until: sql<Date>`now() - interval '1 minute'` };
  await run(runs.first, 0, 'running', carried(runs.first));
  await run(runs.beside, 0, 'running', carried(runs.beside));
  await run(runs.other, 1, 'running', carried(runs.other));
  await run(runs.otherBeside, 1, 'running', carried(runs.otherBeside));
  await run(runs.lost, 0, 'running', { ...lost, attempt: 1 });
  await run(runs.lostForGood, 1, 'running', { ...lost, attempt: 3 });
  await run(runs.queued, 0, 'queued');
  await run(runs.otherQueued, 1, 'queued');
  await run(runs.fresh, 0, 'queued', { generation: 0 });
  const scheduled_for = new Date(slot.getTime() - 7 * 86_400_000);
  await run(runs.skipped, 0, 'skipped', {
    scheduled_for,
    trigger: 'schedule',
    reason: 'overlap',
    generation: 0,
    completed_at: sql`now()`,
  });
  await run(runs.cancelled, 1, 'queued', { cancel_requested_at: sql`now()` });
  await run(runs.givenUp, 0, 'queued', { attempt: 1, cancel_requested_at: sql`now()` });
  await run(runs.ended, 1, 'success', { completed_at: sql`now()` });
  await db
    .insertInto('engine.remote_reports')
    .values({
      request_id: requestId,
      bot_id: bots[0],
      execution_id: runs.first,
      attempt: 1,
      lease_until: sql<Date>`now() + interval '1 hour'`,
    })
    .execute();
  for (const id of [runs.first, runs.otherBeside])
    await db.insertInto('engine.cancellations').values({ execution_id: id }).execute();
  await db
    .insertInto('bot_knowledge')
    .values(
      entries.map((id, at) => ({
        id,
        name: `entry-${at}`,
        category: 'x',
        issue_pattern: 'is broken',
        solution,
        autonomy: 'auto',
      })),
    )
    .execute();
  await db
    .insertInto('bot_knowledge_autonomy')
    .values(
      entries.map((knowledge_id) => ({ knowledge_id, component: 'part 1', autonomy: 'auto' })),
    )
    .execute();
  for (const { number, bot, fingerprint, component, finding, ticket, action, cured } of problems) {
    const [execution_id, entry, before] = [
      bot === bots[1] ? runs.other : runs.first,
      entries[number - 1]!,
      entries[5 - number]!,
    ];
    const seen = { bot_id: bot, fingerprint, check_name: 'is-well', component_key: component };
    const tally = JSON.stringify({ failed: 1, total: 2, severity: 'high' });
    await db
      .insertInto('bot_finding_states')
      .values({
        ...seen,
        states: [true],
        failures_in_row: 1,
        last_fence: '1',
        tally,
        flapping_since: number === 1 ? new Date() : null,
        last_clean_at: number % 2 === 0 ? new Date() : null,
        watched: number % 2 === 0,
      })
      .execute();
    await db
      .insertInto('bot_findings')
      .values({
        ...seen,
        id: finding,
        execution_id,
        severity: 'high',
        category: 'x',
        title: `${component} is broken`,
        affected_component: component,
        last_fence: '1',
        last_execution_id: execution_id,
      })
      .execute();
    const taken_at = sql<Date>`now() - interval '10 days'`;
    const made = {
      taken_at,
      judge_within: number < 5 ? 600 : null,
      bot_id: bot,
      finding_id: finding,
      action_type: 'x',
      action_description: 'x',
      remedy: 'other.pause',
      risk: 'safe' as const,
      fingerprint,
      component,
      category: 'x',
    };
    const { state, run, applied } = unfinished[number - 1] ?? {
      state: 'failed',
      run: runs.ended,
      applied: true,
    };
    await db
      .insertInto('bot_actions')
      .values([
        {
          ...made,
          id: action,
          heal_id: action,
          idempotency_key: `a${number}`,
          state: state as 'intent',
          success: false,
          execution_id: run,
          knowledge_id: entry,
          applied_at: applied ? sql<Date>`now() - interval '2 hours'` : null,
          verify_after: applied ? sql<Date>`now() - interval '1 hour'` : null,
        },
        {
          ...made,
          id: cured,
          heal_id: cured,
          idempotency_key: `c${number}`,
          state: 'verified',
          success: true,
          execution_id: runs.ended,
          knowledge_id: before,
          applied_at: sql<Date>`now() - interval '3 hours'`,
          hold_until: sql<Date>`now() - interval '1 hour'`,
          undo_requested_at: number < 5 ? sql<Date>`now()` : null,
          undo_requested_by: number < 5 ? 'ann' : null,
        },
      ])
      .execute();
    await sql`
      INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, execution_id, fingerprint, component, verdict, outcome, hold_until)
      SELECT ${bot}::uuid, ${finding}::uuid, k, ${runs.ended}::uuid, ${fingerprint}, ${component}, 'shadowed', 'pending', now() - interval '1 hour'
      FROM unnest(${[before, entry]}::uuid[]) k`.execute(db);
    await db
      .insertInto('bot_tickets')
      .values({
        id: ticket,
        bot_id: bot,
        finding_id: finding,
        fingerprint,
        // Runs find each problem high, so they raise the tickets that are less severe.
        severity: number % 2 === 0 ? 'medium' : 'high',
        title: 'x',
        description: 'x',
        snoozed_until: number === 3 ? sql<Date>`now() - interval '1 minute'` : null,
      })
      .execute();
  }
  // The policy gives some tickets to a person, reminds people of the last one, and makes the medium ones more severe.
  await sql`
    INSERT INTO engine.policies (policy, set_by) VALUES ('{"rules": [
      {"when": {"severities": ["high"]}, "steps": [{"after": "1m", "to": "owner"}], "remind_every": "5m"},
      {"raise_after": "10m"}]}', 'x')`.execute(db);
  await sql`
    UPDATE bot_tickets SET policy_version = engine.current_policy(), escalation_began_at = now() - interval '1 hour',
      escalation_step = CASE fingerprint WHEN 'f5' THEN 1 ELSE 0 END`.execute(db);
  await sql`
    INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, last_fence, watched)
    SELECT 'g' || n, id, 'is-well', 'spare', 1, true FROM unnest(${[...bots]}::uuid[]) WITH ORDINALITY AS b (id, n)`.execute(
    db,
  );
  const mergedTickets = [
    [merged.survivor, bots[0], 'g1', null],
    [merged.ticket, bots[1], 'g2', merged.survivor],
    [merged.endedSurvivor, bots[0], 'g6', null],
    [merged.ended, bots[1], 'g7', merged.endedSurvivor],
  ] as const;
  for (const [id, bot_id, fingerprint, merged_into] of mergedTickets)
    await db
      .insertInto('bot_tickets')
      .values({
        id,
        bot_id,
        fingerprint,
        merged_into,
        severity: 'medium',
        title: 'x',
        description: 'x',
        ...(['g6', 'g7'].includes(fingerprint) && {
          status: 'resolved',
          resolved_at: sql<Date>`date_trunc('hour', now() - interval '1 hour')`,
          resolution_notes: 'x',
        }),
      })
      .execute();
  await sql`UPDATE bot_knowledge SET unjudged = true, times_applied = times_applied + 1`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, check_name, component_key, fingerprint, resolved_at, resolution_method)
    VALUES (${bots[0]}::uuid, 'low', 'x', 'x', 'is-well', 'gone', 'g3', now() + interval '1 minute', 'cleared')`.execute(
    db,
  );
  await sql`INSERT INTO bot_silences (fingerprint, owner, reason, until_resolved) VALUES ('g3', 'ann', 'x', true)`.execute(
    db,
  );
  // Neither window is in force: an occurrence of the first is over, and occurrences of the second have to be planned.
  await sql`
    INSERT INTO bot_maintenance (id, owner, reason, occurrences, clocks_until, schedule_cron, duration_seconds, planned_until)
    VALUES ('0000000a-0000-0000-0000-000000000001', 'ann', 'x', tstzmultirange(tstzrange(now() - interval '2 hours', now() - interval '1 hour'),
              tstzrange(now() + interval '1 day', now() + interval '2 days')), now() - interval '3 hours', NULL, NULL, NULL),
           ('0000000a-0000-0000-0000-000000000002', 'ann', 'x', tstzmultirange(tstzrange(now() + interval '1 day', now() + interval '2 days')),
              now(), '0 0 1 * *', 60, date_trunc('second', now()) + interval '1 day')`.execute(db);
  await sql`INSERT INTO engine.sources (bot_id) SELECT id FROM bots`.execute(db);
  await sql`INSERT INTO engine.jobs (name, last_slot_at) VALUES ('tidy', ${slot}::timestamptz)`.execute(
    db,
  );
  await sql`
    INSERT INTO engine.job_runs (id, job, status, attempt, max_attempts, fence, worker, lease_until, generation)
    SELECT ('00000007-0000-0000-0000-00000000000' || n)::uuid, 'tidy', status, attempt, 3, fence, 'w', lease, 1
    FROM (VALUES (1, 'running', 1, 21, now() + interval '1 hour'), (2, 'running', 1, 22, now() - interval '1 hour'),
                 (3, 'running', 3, 23, now() - interval '1 hour'), (4, 'queued', 0, NULL::int, NULL)) j (n, status, attempt, fence, lease)`.execute(
    db,
  );
  await sql`INSERT INTO engine.channels (name, off_since, off_reason) VALUES ('ops', NULL, NULL), ('off', now(), 'x')`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_notifications (id, ticket_id, channel, gathers, tries, sending_since)
    SELECT ('00000008-0000-0000-0000-00000000000' || n)::uuid, ticket, CASE WHEN n < 5 THEN 'ops' ELSE 'off' END, n < 4, 0,
           CASE WHEN n = 4 THEN now() END
    FROM (SELECT ${problems[0]!.ticket}::uuid AS ticket, n FROM generate_series(1, 5) n) t`.execute(
    db,
  );
  await sql`UPDATE engine.settings SET value = '"auto"' WHERE key = 'mode'`.execute(db);
  await sql`INSERT INTO engine.settings (key, value) VALUES ('mode_changes', '[]')`.execute(db);
  await nothingHeldOut(db);
  await sql`ANALYZE`.execute(db);
}
