/** Rows of every table that retention removes rows of, and a run of it without an engine around it. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { removeOld } from '../../src/services/retention/remove-old.ts';
import { usualPace, type PaceLimits } from '../../src/services/retention/pace.ts';
import type { Db } from '../../src/database/connect.ts';

export const eager: PaceLimits = { ...usualPace, statementMs: 50, rest: 0 };

/** A run that was asked for by hand, or of a slot. */
export const retained = async (
  db: Db,
  {
    pace = eager,
    signal = new AbortController().signal,
    scheduledFor = null,
  }: { pace?: PaceLimits; signal?: AbortSignal; scheduledFor?: Date | null } = {},
) =>
  (await removeOld(
    {
      db,
      signal,
      commit: (write) => db.transaction().execute(write),
      run: { id: randomUUID(), scheduledFor, attempt: 1 },
    },
    { pace },
  )) as {
    removed: number;
    tables?: Record<string, number>;
    left?: Record<string, string>;
    why?: string;
    waited_for?: string;
  };

/** All that ended before this hour is added up, as far as the job `rollup` says. */
export const rolledUp = (db: Db) =>
  sql`INSERT INTO engine.rollup_marks (kind, done_until)
      SELECT kind, date_trunc('hour', engine.now()) FROM unnest('{bot,endpoint,app,provider,page,error,activity}'::text[]) kind
      ON CONFLICT (kind) DO UPDATE SET done_until = excluded.done_until`.execute(db);

/** All errors are counted into their groups. */
export const grouped = (db: Db) =>
  sql`UPDATE engine.error_cursor SET xact_id = pg_current_xact_id(), error_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'`.execute(
    db,
  );

export const setAge = (db: Db, setting: string, value: unknown) =>
  sql`INSERT INTO engine.settings (key, value) VALUES (${setting}, ${JSON.stringify(value)}::jsonb)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);

const one = async (query: ReturnType<typeof sql<{ id: string }>>, db: Db) =>
  (await query.execute(db)).rows[0]!.id;

const ago = (days: number) => sql`(engine.now() - make_interval(secs => ${days * 86_400}::float8))`;

export const addBot = (db: Db) =>
  one(
    sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
        VALUES (${`b-${randomUUID()}`}, 'B', '@daily', 'bot:b') RETURNING id`,
    db,
  );

export const addRun = (db: Db, bot: string, days: number | null, status = 'success') =>
  one(
    days === null
      ? sql`INSERT INTO bot_executions (bot_id, status, trigger, started_at) VALUES (${bot}, 'queued', 'manual', engine.now()) RETURNING id`
      : sql`INSERT INTO bot_executions (bot_id, status, trigger, started_at, completed_at, execution_time_ms)
            VALUES (${bot}, ${status}, 'manual', ${ago(days)}, ${ago(days)}, 7) RETURNING id`,
    db,
  );

export const addFinding = (
  db: Db,
  {
    bot,
    run,
    found,
    resolved,
    cause = null,
    print = randomUUID(),
  }: {
    bot: string;
    run: string;
    /** days ago */
    found: number;
    resolved: number | null;
    cause?: string | null;
    print?: string;
  },
) =>
  one(
    sql`INSERT INTO bot_findings (bot_id, execution_id, severity, category, title, check_name, component_key, fingerprint,
                                  detected_at, last_seen_at, resolved_at, resolution_method, suppressed_by)
        VALUES (${bot}, ${run}, 'high', 'c', 'x', 'c', 'k', ${print}, ${ago(found)}, ${ago(resolved ?? 0)},
                ${resolved === null ? null : ago(resolved)}, ${resolved === null ? null : 'cleared'}, ${cause}) RETURNING id`,
    db,
  );

export async function addTicket(
  db: Db,
  {
    bot,
    finding,
    print,
    closed,
    by = 'roundsman',
  }: {
    bot: string;
    finding: string | null;
    print: string;
    /** days ago; null: it is open */
    closed: number | null;
    by?: string;
  },
): Promise<string> {
  const id = await one(
    sql`INSERT INTO bot_tickets (bot_id, finding_id, severity, title, description, fingerprint, status, created_at, resolved_at, resolved_by)
        VALUES (${bot}, ${finding}, 'high', 'x', 'd', ${print}, ${closed === null ? 'open' : 'closed'}, ${ago((closed ?? 0) + 1)},
                ${closed === null ? null : ago(closed)}, ${closed === null ? null : by}) RETURNING id`,
    db,
  );
  await sql`INSERT INTO bot_ticket_events (ticket_id, event, actor, created_at, routed_at)
            SELECT ${id}, event, CASE event WHEN 'closed' THEN ${by} ELSE 'roundsman' END, ${ago(closed ?? 0)}, engine.now()
            FROM unnest('{opened,closed}'::text[]) event`.execute(db);
  return id;
}

export const addEntry = (db: Db) =>
  one(
    sql`INSERT INTO bot_knowledge (name, category, issue_pattern, solution) VALUES (${`e-${randomUUID()}`}, 'c', 'xxx', 's') RETURNING id`,
    db,
  );

/** A heal with one step for each state, the last one deciding. */
export async function addHeal(
  db: Db,
  {
    bot,
    run,
    finding,
    entry,
    print,
    days,
    states,
    undo = false,
  }: {
    bot: string;
    run: string | null;
    finding: string | null;
    entry: string | null;
    print: string;
    days: number;
    states: readonly string[];
    undo?: boolean;
  },
): Promise<string> {
  const heal = randomUUID();
  for (const [step, state] of states.entries())
    await sql`INSERT INTO bot_actions (bot_id, execution_id, finding_id, knowledge_id, heal_id, step, action_type, action_description,
                success, state, fingerprint, remedy, risk, idempotency_key, taken_at, applied_at, settled_at, undo_requested_at, undo_requested_by)
              VALUES (${bot}, ${run}, ${finding}, ${entry}, ${heal}, ${step}, 'x', 'd', ${['verified', 'held'].includes(state)}, ${state},
                ${print}, 'r', 'safe', ${randomUUID()}, ${ago(days)}, ${['aborted', 'intent'].includes(state) ? null : ago(days)},
                ${['intent', 'applied'].includes(state) ? null : ago(days)}, ${undo ? ago(days) : null}, ${undo ? 'ann' : null})`.execute(
      db,
    );
  return heal;
}

export const addDecision = (
  db: Db,
  {
    bot,
    run,
    finding,
    entry,
    print,
    days,
    outcome = null,
    answer = null,
  }: {
    bot: string;
    run: string | null;
    finding: string | null;
    entry: string;
    print: string;
    days: number;
    outcome?: string | null;
    answer?: string | null;
  },
) =>
  sql`INSERT INTO bot_decisions (bot_id, execution_id, finding_id, knowledge_id, fingerprint, verdict, outcome, settled_at, decided_at,
                                 answer, answered_by, answered_at)
      VALUES (${bot}, ${run}, ${finding}, ${entry}, ${print}, 'suggested', ${outcome}, ${outcome === null ? null : ago(days)}, ${ago(days)},
              ${answer}, ${answer && 'ann'}, ${answer && ago(days)})`.execute(db);

export const addMemory = (
  db: Db,
  { bot, run, print }: { bot: string; run: string | null; print: string },
) =>
  sql`INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, states, last_fence, last_execution_id)
      VALUES (${print}, ${bot}, 'c', 'k', '{t,f}', 1, ${run}) ON CONFLICT DO NOTHING`.execute(db);

const logs: Record<string, string> = {
  api_logs: `INSERT INTO api_logs (endpoint, method, status_code, created_at) SELECT '/a', 'GET', 200`,
  page_views: `INSERT INTO page_views (page_path, created_at) SELECT '/p'`,
  error_logs: `INSERT INTO error_logs (error_type, error_message, created_at) SELECT 'E', 'm'`,
  user_activity_log: `INSERT INTO user_activity_log (action_type, created_at) SELECT 'login'`,
};
export const logTables = Object.keys(logs);

/** Rows of a log, so many, all of one time, so many days ago; less than 0: in the future. */
export const addLogs = (db: Db, table: string, days: number, count: number) =>
  sql`${sql.raw(logs[table]!)}, ${ago(days)} FROM generate_series(1, ${count}::int)`.execute(db);

export const tables = [
  'bot_tickets',
  'bot_decisions',
  'bot_actions',
  'bot_findings',
  'bot_executions',
  'bot_finding_states',
  'bot_metrics',
  ...logTables,
];

/** How many rows each table has. */
export async function countAll(db: Db): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await sql<{
      count: number;
    }>`SELECT count(*)::int AS count FROM ${sql.table(table)}`.execute(db);
    counts[table] = rows[0]!.count;
  }
  return counts;
}
