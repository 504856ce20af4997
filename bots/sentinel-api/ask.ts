/**
 * Counts the requests of a window in `api_logs`, endpoint by endpoint.
 *
 * An endpoint is the path without its query string: `/search?q=a` and `/search?q=b` are one thing
 * that can be broken, and query strings have no bound.
 */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding, Tally } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** SQL of a request's path. */
export const pathOf = sql`coalesce(nullif(split_part(endpoint, '?', 1), ''), '(no path)')`;

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

export async function ask(
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
      FROM (SELECT *, ${pathOf} AS path FROM api_logs
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
