/**
 * Watches the answers of the platform's API in `api_logs`, endpoint by endpoint.
 *
 * An endpoint is the path without its query string: `/search?q=a` and `/search?q=b` are one thing
 * that can be broken, and query strings have no bound.
 */
import { defineBot, sql, z } from '../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding, Tally } from '../src/bot.ts';

const percent = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);
const count = (otherwise: number, meaning: string) =>
  z.int().min(1).default(otherwise).describe(meaning);
const config = z.strictObject({
  window_minutes: z
    .number()
    .positive()
    .max(129_600)
    .default(60)
    .describe('how many minutes of requests are counted, 90 days at most'),
  min_requests: count(20, 'with fewer requests than these, the errors among them are never high'),
  max_5xx_percent: percent(
    5,
    'above this share of 5xx answers an endpoint is a high finding; below it a low one',
  ),
  critical_5xx_percent: percent(50, 'above this share of 5xx answers it is a critical one'),
  min_5xx: count(1, 'so many 5xx answers are a finding even where their share is small'),
  min_404: count(10, 'fewer 404 answers of a path are no finding'),
  max_404_percent: percent(50, 'up to this share of 404 answers a path is no finding'),
  max_p95_ms: z
    .number()
    .min(0)
    .default(1000)
    .describe("95 % of an endpoint's requests should take no longer, in milliseconds"),
  min_429: count(10, 'fewer 429 answers of an endpoint are no finding'),
  max_429_percent: percent(10, 'up to this share of 429 answers an endpoint is no finding'),
  max_findings: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('endpoints that one check reports at most, the worst first'),
});
type Config = z.infer<typeof config>;
type Fragment = ReturnType<typeof sql>;

interface Endpoint {
  path: string;
  /** the path, shortened to what `affected_component` holds */
  component: string;
  requests: number;
  /** what the check counts or measures */
  figure: number;
  /** 100 * figure / requests */
  share: number;
}

/** The SQL of one check; `wrong` and `worst` use an Endpoint's columns. */
interface Question {
  /** the number of requests that count; by default all requests */
  requests?: Fragment;
  /** whether a request is bad */
  bad: Fragment;
  /** the figure; by default the number of bad requests */
  figure?: Fragment;
  wrong: Fragment;
  worst: Fragment;
}

const windowSeconds = ({ window_minutes }: Config) => window_minutes * 60;

async function ask(
  { max_findings: max, window_minutes }: Config,
  { db, now, from, starts, only }: EventContext,
  {
    requests = sql`count(*)`,
    bad,
    figure = sql`count(*) FILTER (WHERE ${bad})`,
    wrong,
    worst,
  }: Question,
  finding: (endpoint: Endpoint) => Pick<ReportedFinding, 'severity' | 'title' | 'metadata'>,
): Promise<EventResult> {
  const { rows } = await sql<{ examined: number; found: Endpoint[]; tallies: Counted[] }>`
    WITH starts AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz)
    ), figures AS MATERIALIZED (
      SELECT path, ${requests} AS requests, ${figure} AS figure, count(*) FILTER (WHERE ${bad}) AS bad,
        max(created_at) FILTER (WHERE ${bad}) AS newest
      FROM (SELECT *, coalesce(nullif(split_part(endpoint, '?', 1), ''), '(no path)') AS path FROM api_logs
            WHERE created_at >= ${from} AND created_at <= ${now}) logs
      LEFT JOIN starts ON starts.key = path
      WHERE created_at >= coalesce(starts."from", ${from}) ${only ? sql`AND path = ANY (${only}::text[])` : sql``}
      GROUP BY path
    ), endpoints AS (
      SELECT *, CASE WHEN length(path) > 100 THEN left(path, 99) || '…' ELSE path END AS component,
        100.0 * figure / nullif(requests, 0) AS share
      FROM figures
    ), found AS (
      SELECT *, row_number() OVER (ORDER BY ${worst}, path) AS place
      FROM endpoints WHERE ${wrong} ORDER BY place LIMIT ${max + 1}
    ), tallied AS (
      SELECT path AS key FROM found UNION SELECT key FROM starts UNION SELECT unnest(${only ?? []}::text[])
    )
    SELECT (SELECT count(*)::int FROM figures) AS examined,
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found,
      (SELECT coalesce(json_agg(json_build_object('key', key, 'bad', coalesce(bad, 0), 'of', coalesce(requests, 0),
                                                  'newest', newest)), '[]')
       FROM tallied LEFT JOIN figures ON path = key) AS tallies
  `.execute(db);
  const { examined = 0, found = [], tallies = [] } = rows[0] ?? {};
  return {
    // "All but these": an endpoint without any request is clean.
    examined: only ? [...only] : { count: examined, except: [] },
    findings: found.slice(0, max).map((endpoint) => {
      const { severity, title, metadata } = finding(endpoint);
      const { path: key, component, requests: count } = endpoint;
      const figures = { path: key, requests: count, window_minutes, ...metadata };
      return { severity, category: 'api', title, component, key, metadata: figures };
    }),
    truncated: found.length > max,
    tallies: tallies.map(({ newest, ...tally }) => ({
      ...tally,
      newestBadAt: newest === null ? null : new Date(newest),
    })),
  };
}

type Counted = Omit<Tally, 'newestBadAt'> & { newest: string | null };

function findServerErrors(config: Config, context: EventContext) {
  const above = sql`share > ${config.max_5xx_percent}::numeric`;
  const isSevere = sql`(requests >= ${config.min_requests} AND ${above})`;
  const question = {
    bad: sql`status_code BETWEEN 500 AND 599`,
    wrong: sql`figure >= ${config.min_5xx} OR ${isSevere}`,
    worst: sql`${isSevere} DESC, share DESC, figure DESC`,
  };
  return ask(config, context, question, ({ component, requests, figure, share }) => {
    const sampled = share > config.critical_5xx_percent ? 'critical' : 'high';
    const severe = requests >= config.min_requests ? sampled : 'medium';
    return {
      severity: share > config.max_5xx_percent ? severe : 'low',
      title: `${component}: ${figure} of ${requests} requests answered 5xx`,
      metadata: { answered_5xx: figure },
    };
  });
}

function findMissingPaths(config: Config, context: EventContext) {
  const question = {
    bad: sql`status_code = 404`,
    wrong: sql`figure >= ${config.min_404} AND share > ${config.max_404_percent}::numeric`,
    worst: sql`figure DESC`,
  };
  return ask(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: ${figure} of ${requests} requests answered 404`,
    metadata: { answered_404: figure },
  }));
}

async function findSlow(config: Config, context: EventContext) {
  const { db, from, now } = context;
  const { rows } = await sql<{ untimed: boolean }>`
    SELECT count(*) > 0 AND count(response_time_ms) = 0 AS untimed
    FROM api_logs WHERE created_at >= ${from} AND created_at <= ${now}`.execute(db);
  if (rows[0]?.untimed) context.skip('no request of the window has a response_time_ms');
  const question = {
    requests: sql`count(response_time_ms)`,
    bad: sql`response_time_ms > ${config.max_p95_ms}::numeric`,
    figure: sql`percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms)`,
    wrong: sql`requests >= ${config.min_requests} AND figure > ${config.max_p95_ms}::numeric`,
    worst: sql`figure DESC`,
  };
  return ask(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: slow, 95 % of ${requests} requests took up to ${figure} ms`,
    metadata: { p95_ms: figure },
  }));
}

function findRateLimited(config: Config, context: EventContext) {
  const question = {
    bad: sql`status_code = 429`,
    wrong: sql`figure >= ${config.min_429} AND share > ${config.max_429_percent}::numeric`,
    worst: sql`share DESC, figure DESC`,
  };
  return ask(config, context, question, ({ component, requests, figure }) => ({
    severity: 'medium',
    title: `${component}: ${figure} of ${requests} requests answered 429`,
    metadata: { answered_429: figure },
  }));
}

export const sentinelApi = defineBot({
  name: 'sentinel-api',
  displayName: 'API sentinel',
  description:
    'Watches api_logs for server errors, missing paths, slow and rate-limited endpoints.',
  schedule: '*/3 * * * *',
  needs: ['api_logs'],
  config,
  checks: [
    {
      name: 'server-errors',
      title: 'Do endpoints answer without 5xx?',
      events: true,
      windowSeconds,
      run: findServerErrors,
    },
    {
      name: 'missing-paths',
      title: 'Do the paths that callers ask for exist?',
      events: true,
      windowSeconds,
      run: findMissingPaths,
    },
    {
      name: 'latency',
      title: 'Do endpoints answer in time?',
      events: true,
      windowSeconds,
      run: findSlow,
    },
    {
      name: 'rate-limited',
      title: 'Do callers get through the rate limit?',
      events: true,
      windowSeconds,
      run: findRateLimited,
    },
  ],
  knowledge: [
    {
      name: 'api.server-errors',
      category: 'api',
      pattern: 'requests answered 5xx',
      solution:
        'Read error_logs of the same minutes for this endpoint: the newest error_type usually names ' +
        'the cause. If the errors began with a deployment, roll it back; if they come from a service ' +
        'behind the endpoint, check that one first and tell its owner.',
      autonomy: 'suggest',
    },
    {
      name: 'api.missing-path',
      category: 'api',
      pattern: 'requests answered 404',
      solution:
        'If the path ever existed, restore it or redirect it to where it went, and correct the page ' +
        'or client that still asks for it. If it never did, someone is scanning: block the source ' +
        'addresses.',
      autonomy: 'suggest',
    },
  ],
});
