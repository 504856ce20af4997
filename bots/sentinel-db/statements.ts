/** Slow statements, where the extension pg_stat_statements counts them. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { number } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { reportList } from './report.ts';
import { howToSee, seesOthers } from './rights.ts';

interface Statement {
  id: string;
  query: string;
  calls: number;
  /** milliseconds */
  total: number;
}

/** Totals of each statement, as they were: [calls, milliseconds]. */
const totals = z.record(z.string(), z.tuple([z.number(), z.number()]));
/** `now` is what the next hours are compared with; `before` is what this hour is compared with. */
const memory = z.object({ at: z.number(), now: totals, before: totals.nullable() });

/** How many statements are examined, those that took most time in all. Their totals are remembered twice. */
const maxStatements = 120;
/** After this time what is remembered is replaced: a statement is judged by one to two hours. */
const hourSeconds = 3_600;

/**
 * Whether a statement reads or changes rows: PostgreSQL replaces its constants. Other commands are stored as they were written,
 * and may contain a password.
 */
const isAboutRows = sql`query ~* '^\\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\\M'`;

async function readSchema({ db }: CheckContext): Promise<string | undefined> {
  const { rows } = await sql<{ schema: string }>`
    SELECT nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE extname = 'pg_stat_statements'`.execute(db);
  return rows[0]?.schema;
}

async function readStatements(schema: string, context: CheckContext): Promise<Statement[]> {
  const view = sql.table(`${schema}.pg_stat_statements`);
  const { rows } = await sql<Statement>`
    SELECT queryid::text AS id, min(left(regexp_replace(query, '\\s+', ' ', 'g'), 300)) AS query,
      sum(calls)::float8 AS calls, sum(total_exec_time)::float8 AS total
    FROM ${view} WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND ${isAboutRows} AND queryid IS NOT NULL
    GROUP BY queryid ORDER BY sum(total_exec_time) DESC LIMIT ${maxStatements}`
    .execute(context.db)
    .catch((error: { code?: string }) =>
      error.code === '55000'
        ? context.skip('add pg_stat_statements to shared_preload_libraries, and restart the server')
        : Promise.reject(error),
    );
  return rows;
}

export async function findSlowStatements(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const schema = await readSchema(context);
  if (schema === undefined)
    context.skip(
      'pg_stat_statements is not there: add it to shared_preload_libraries, restart the server, and CREATE EXTENSION pg_stat_statements',
    );
  if (!(await seesOthers(context)))
    context.skip(`statements of other roles are hidden: ${await howToSee(context)}`);
  const statements = await readStatements(schema, context);
  const at = Math.floor(context.now.getTime() / 1_000);
  const known = memory.nullable().catch(null).parse(context.remembered);
  const now = Object.fromEntries(
    statements.map(({ id, calls, total }) => [id, [calls, Math.round(total)] as [number, number]]),
  );
  if (!known) return { examined: [], findings: [], remember: { at, now, before: null } };
  // Also where the clock was set back: otherwise nothing would be replaced until that time comes again.
  const isOld = at - known.at >= hourSeconds || at < known.at;
  const base = known.before ?? known.now;
  const slow = statements
    .map(({ id, query, calls, total }) => {
      const was = base[id] ?? [0, 0];
      // Where its totals are smaller now, they were reset, so all of them are new.
      const [from, spent] = calls < was[0] || Math.round(total) < was[1] ? [0, 0] : was;
      return { id, query, calls: calls - from, total: total - spent };
    })
    .map((each) => ({ ...each, mean: each.calls > 0 ? each.total / each.calls : 0 }))
    .filter(({ calls, mean }) => calls >= config.min_calls && mean >= config.slow_ms)
    .toSorted((a, b) => b.total - a.total);
  const slowest = Math.max(0, ...slow.map(({ mean }) => mean));
  const result = reportList(
    slow,
    config,
    ({ id, query, calls, total, mean }) => ({
      severity: mean >= config.slow_severe_ms ? 'medium' : 'low',
      title: `Slow statement: ${number(mean)} ms in the mean of ${number(calls)} calls: ${query}`,
      component: 'statements',
      key: id,
      metadata: { query, queryid: id, calls, total_ms: Math.round(total) },
    }),
    {
      count: statements.length,
      figures: [
        { name: 'statements judged', value: statements.length },
        { name: 'slow statements', value: slow.length },
        { name: 'slowest mean', value: Math.round(slowest), unit: 'ms' },
      ],
    },
  );
  return isOld ? { ...result, remember: { at, now, before: known.now } } : result;
}
