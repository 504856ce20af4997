/**
 * Watches the other bots (whether they are on time, and whether their runs end, succeed, and perform checks), and the
 * healing.
 */
import { defineBot, sql, z } from '../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../src/bot.ts';
import { newestRunSeconds, findNoChecks, findLowSuccessRates } from './conductor-runs.ts';
import { findHealingLoops } from './healing-loops.ts';

const name = 'conductor';
const category = 'bots';

const config = z.strictObject({
  overdue_minutes: z
    .number()
    .min(0)
    .default(10)
    .describe('how many minutes late a bot may be claimed'),
  stuck_margin_seconds: z
    .number()
    .min(0)
    .default(60)
    .describe('how many seconds a run may exceed its timeout'),
  queued_minutes: z
    .number()
    .min(0)
    .default(10)
    .describe('how many minutes a run may wait although its bot has room for it'),
  window_hours: z
    .number()
    .positive()
    .max(720)
    .default(24)
    .describe('how many hours of runs the success rate is counted over'),
  min_success_rate: z
    .number()
    .min(0)
    .max(100)
    .default(80)
    .describe("percent of a bot's runs that should succeed"),
  min_runs: z
    .int()
    .min(0)
    .default(10)
    .describe('with so many runs or fewer, a success rate means nothing'),
  paused_days: z
    .number()
    .min(0)
    .default(7)
    .describe('how many days a bot may be paused before that is a finding'),
  limit_hours: z
    .int()
    .min(1)
    .max(24)
    .default(3)
    .describe(
      'in how many hours of a day a limit of healing has to block an entry to be a finding',
    ),
  max_findings: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('bots or entries that one check reports at most, the worst first'),
});
type Config = z.infer<typeof config>;

const minuteMs = 60_000;
const timeBefore = (now: Date, ms: number) => new Date(now.getTime() - ms);

/** `query` reads the bots that fail the check, the worst first. */
async function report<Row>(
  query: ReturnType<typeof sql<Row>>,
  { max_findings: max }: Config,
  { db }: CheckContext,
  finding: (row: Row) => ReportedFinding,
): Promise<CheckResult> {
  const { rows } = await sql<Row>`${query} LIMIT ${max + 1}`.execute(db);
  const { rows: bots } = await sql<{ count: number }>`SELECT count(*)::int FROM bots`.execute(db);
  return {
    // All bots: a bot that is paused, disabled or deleted by now no longer has such a problem.
    examined: { count: bots[0]?.count ?? 0, except: [] },
    findings: rows.slice(0, max).map(finding),
    truncated: rows.length > max,
  };
}

function findOverdue(config: Config, context: CheckContext) {
  const due = timeBefore(context.now, config.overdue_minutes * minuteMs);
  const query = sql<{ name: string; next_execution_at: Date }>`
    SELECT name, next_execution_at FROM bots
    WHERE status = 'active' AND next_execution_at < ${due}
    ORDER BY next_execution_at, name`;
  return report(query, config, context, (bot) => {
    const late = context.now.getTime() - bot.next_execution_at.getTime();
    return {
      severity: 'high',
      category,
      title: `Bot ${bot.name} is overdue by ${Math.floor(late / minuteMs)} minutes`,
      description: 'Its time has come and no scheduler has claimed it.',
      component: bot.name,
      metadata: { next_execution_at: bot.next_execution_at.toISOString() },
    };
  });
}

// A queued run counts as stuck only while its bot has a free place. Otherwise it waits for another run of its bot, and that run
// is watched itself. The newest running run of the conductor is left out: this check runs in it.
function findStuck(config: Config, context: CheckContext) {
  const query = sql<{ name: string; runs: number; since: Date; executions: string[] }>`
    WITH unfinished AS (
      SELECT b.name, b.api_endpoint, e.id, e.status,
        CASE e.status WHEN 'running' THEN e.started_at
          ELSE greatest(e.queued_at, e.run_after) END AS since,
        CASE e.status WHEN 'running' THEN b.timeout_seconds + ${config.stuck_margin_seconds}::float8
          ELSE ${config.queued_minutes}::float8 * 60 END AS allowed,
        count(*) FILTER (WHERE e.status = 'running') OVER (PARTITION BY b.id)
          >= b.concurrency AS busy,
        row_number() OVER (PARTITION BY b.id, e.status ORDER BY e.started_at DESC) AS newest
      FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE e.status IN ('queued', 'running') AND e.trigger <> 'external' AND b.removed_at IS NULL
    )
    SELECT name, count(*)::int AS runs, min(since) AS since,
      (array_agg(id ORDER BY since))[1:20] AS executions
    FROM unfinished
    WHERE since + make_interval(secs => allowed) < ${context.now}
      AND NOT (status = 'queued' AND busy)
      AND NOT (api_endpoint IN (${`/api/bots/${name}`}, ${`bot:${name}`}) AND status = 'running' AND newest = 1)
    GROUP BY name ORDER BY min(since), name`;
  return report(query, config, context, ({ name: component, runs, since, executions }) => {
    const minutes = Math.floor((context.now.getTime() - since.getTime()) / minuteMs);
    const what = runs === 1 ? 'a stuck run' : `${runs} stuck runs, the oldest`;
    return {
      severity: 'high',
      category,
      title: `Bot ${component} has had ${what} for ${minutes} minutes`,
      description: 'A run neither ends nor is rescued: look at the workers.',
      component,
      metadata: { runs, since: since.toISOString(), executions },
    };
  });
}

function findOutOfService(config: Config, context: CheckContext) {
  const query = sql<{ name: string; status: string; status_reason: string | null; since: Date }>`
    SELECT name, status, status_reason, since
    FROM (SELECT *, coalesce(status_changed_at, updated_at, created_at) AS since FROM bots) b
    WHERE status = 'error'
      OR status = 'paused' AND since < ${timeBefore(context.now, config.paused_days * 24 * 60 * minuteMs)}
        -- A bot of the catalogue that has never had another status ships paused: it waits for its settings.
        AND NOT (catalogue_name IS NOT NULL AND status_changed_at IS NULL)
    ORDER BY status, since, name`;
  return report(query, config, context, ({ name: component, status, status_reason, since }) => ({
    severity: status === 'error' ? 'high' : 'low',
    category,
    title:
      status === 'error'
        ? `Bot ${component} is out of service: its definition cannot run`
        : `Bot ${component} is out of service: paused for more than ${config.paused_days} days`,
    description: status_reason ?? 'No reason was given.',
    component,
    metadata: { status, status_reason, since: since?.toISOString() ?? null },
  }));
}

export const conductor = defineBot({
  name,
  displayName: 'Conductor',
  description:
    'Watches the other bots: late, stuck, failing, idle and out of service; and healing that goes in circles.',
  schedule: '*/5 * * * *',
  config,
  checks: [
    { name: 'overdue', title: 'Does every active bot run on time?', run: findOverdue },
    { name: 'stuck', title: 'Does every run start and end in time?', run: findStuck },
    {
      name: 'success-rate',
      title: 'Do the runs of every bot succeed?',
      events: true,
      windowSeconds: ({ window_hours }) => window_hours * 3_600,
      run: findLowSuccessRates,
    },
    {
      name: 'no-checks',
      title: 'Does every bot look at something?',
      events: true,
      windowSeconds: () => newestRunSeconds,
      run: findNoChecks,
    },
    { name: 'out-of-service', title: 'Is every bot in service?', run: findOutOfService },
    { name: 'healing-loops', title: 'Does healing come to an end?', run: findHealingLoops },
  ],
});
