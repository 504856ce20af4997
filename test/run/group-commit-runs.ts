/** Runs that are under way, without an engine around them, and what their checks say. */
import type { ReportedSeverity } from '../../src/bot.ts';
import { Writable } from 'node:stream';
import { sql } from 'kysely';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import type { CheckOutcome } from '../../src/run/tasks/outcome.ts';
import type { Ending } from '../../src/run/writer/finish.ts';
import { openRunWriter, type RunWriter } from '../../src/run/writer/run-writer.ts';
import type { Run } from '../../src/run/writer/run.ts';
import { testDatabase } from '../support/database.ts';
import { problem } from '../support/builders.ts';
import { eventsTo } from '../../src/events/log-events.ts';

/** A writer, and what it logs. Closed with the test. */
export function aRunWriter(
  databaseUrl: string,
  flushesAtOnce?: number,
): RunWriter & { logged: LogLine[] } {
  const logged: LogLine[] = [];
  const lines = new Writable({
    write(line: Buffer, _, done) {
      logged.push(JSON.parse(line.toString()) as LogLine);
      done();
    },
  });
  const log = pino({ level: 'warn' }, lines);
  const writer = openRunWriter({
    databaseUrl,
    worker: 'writer',
    emit: eventsTo(log).emit,
    ...(flushesAtOnce ? { flushesAtOnce } : {}),
  });
  onTestFinished(() => writer.close());
  return { ...writer, logged };
}

export interface LogLine {
  msg: string;
  runs: number;
  fault: string;
}

/** With so many bots. */
export async function aDatabase(bots: number) {
  const database = await testDatabase();
  await makeBots(database.db, bots);
  return database;
}

/** Flushes that wait for a lock. */
export const isWaiting = (db: Db) => async () => {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'roundsman run writer'
      AND wait_event_type = 'Lock'`.execute(db);
  return rows.length;
};

/** Bots named `bot-1` and so on, in the order of their ids. */
export async function makeBots(db: Db, count: number): Promise<void> {
  await sql`
    INSERT INTO bots (id, name, display_name, schedule_cron, api_endpoint, concurrency)
    SELECT lpad(to_hex(i), 32, '0')::uuid, 'bot-' || i, 'Bot', '0 0 1 1 *', '/api/bots/nobody', 100
    FROM generate_series(1, ${count}::int) i`.execute(db);
}

/** So many runs of each bot, all running; in the order of their fences, and of their ids. */
export async function underWay(db: Db, each = 1, values: Partial<Run> = {}): Promise<Run[]> {
  const { rows } = await sql<{ id: string; fence: string; bot_id: string; name: string }>`
    INSERT INTO bot_executions (id, bot_id, status, started_at, trigger, generation, attempt, max_attempts, fence, lease_until, worker)
    SELECT lpad(to_hex(nextval('engine.fence')), 32, '0')::uuid, b.id, 'running', engine.now(),
           ${values.trigger ?? 'manual'}, 1, 1, ${values.maxAttempts ?? 1}, currval('engine.fence'),
           engine.now() + interval '1 hour', 'writer'
    FROM generate_series(1, ${each}::int) i, bots b ORDER BY i, b.id
    RETURNING id, fence, bot_id, (SELECT name FROM bots WHERE bots.id = bot_id) AS name`.execute(
    db,
  );
  return rows.map(({ id, fence, bot_id, name }) => ({
    id,
    fence,
    attempt: 1,
    maxAttempts: 1,
    trigger: 'manual',
    startedAt: new Date(),
    bot: { id: bot_id, name, endpoint: '/api/bots/nobody', config: {} },
    timeoutMs: 60_000,
    pendingEffects: false,
    progress: null,
    signal: new AbortController().signal,
    stop() {},
    ...values,
  }));
}

/** One check that looked at these components and found some of them broken. */
export const saw = (
  examined: string[],
  broken: string[],
  { check = 'is-well', severity = 'high' }: { check?: string; severity?: ReportedSeverity } = {},
): CheckOutcome[] => [
  {
    name: check,
    title: check,
    ms: 1,
    status: broken.length > 0 ? 'failed' : 'passed',
    result: { examined, findings: broken.map((component) => problem(component, { severity })) },
  },
];

export const ending = (outcomes: CheckOutcome[] = [], rest: Partial<Ending> = {}): Ending => ({
  status: 'success',
  reason: null,
  error: null,
  outcomes,
  findings: 0,
  actions: 0,
  healingDone: true,
  ...rest,
});

/** Records a broken disk and ends the run, in one commit. */
export const endWithBrokenDisk = (writer: RunWriter, run: Run) => {
  const outcomes = saw(['disk'], ['disk']);
  return writer.recordAndEnd(run, outcomes, ending(outcomes));
};

/** What all runs together left behind. */
export async function totals(db: Db) {
  const { rows } = await sql<Record<string, number>>`
    SELECT (SELECT count(*)::int FROM bot_executions WHERE status = 'success') AS succeeded,
           (SELECT count(*)::int FROM bot_executions WHERE status = 'running') AS running,
           (SELECT coalesce(sum(issues_found), 0)::int FROM bot_executions) AS issues_found,
           (SELECT sum(total_runs)::int FROM bots) AS total_runs,
           (SELECT sum(successful_runs)::int FROM bots) AS successful_runs,
           (SELECT count(*)::int FROM bot_findings) AS findings,
           (SELECT count(*)::int FROM bot_findings WHERE resolved_at IS NULL) AS open_findings,
           (SELECT coalesce(sum(occurrences), 0)::int FROM bot_findings) AS occurrences,
           (SELECT coalesce(sum(cardinality(states)), 0)::int FROM bot_finding_states) AS remembered,
           (SELECT count(*)::int FROM bot_tickets) AS tickets,
           (SELECT coalesce(sum(occurrences), 0)::int FROM bot_tickets) AS ticket_occurrences,
           (SELECT count(*)::int FROM bot_ticket_events) AS ticket_events`.execute(db);
  return rows[0]!;
}
