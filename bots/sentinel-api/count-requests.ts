/**
 * Counts the requests of a window in `api_logs`, endpoint by endpoint.
 *
 * An endpoint is the path without its query string: `/search?q=a` and `/search?q=b` are one thing
 * that can be broken, and query strings have no bound.
 */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import {
  countEvents,
  joinStart,
  isSinceStart,
  type Counted,
  type Totals,
} from '../parts/count-events.ts';
import { shortened } from '../parts/in-words.ts';
import type { Config } from './config.ts';

/** SQL for a request's path. */
export const pathOf = sql`coalesce(nullif(split_part(endpoint, '?', 1), ''), '(no path)')`;

type Fragment = ReturnType<typeof sql>;

/** A row of `counted`; its key is the path. */
interface Endpoint extends Counted {
  requests: number;
  /** what the check counts or measures */
  figure: number;
  /** 100 * figure / requests */
  share: number;
}

/** What a check that compares adds to a row; null where nothing is usual for the path. */
export interface Usual {
  /** percent of the requests that were answered 5xx */
  usual_share: number | null;
  /** mean response time in milliseconds */
  usual_ms: number | null;
}

/** The SQL of one check; `wrong` and `worst` use an Endpoint's columns. */
interface Question {
  /** the number of requests that count; by default all requests */
  requests?: Fragment;
  /** whether a request is bad, and how a figure calls the bad ones */
  bad: Fragment;
  badName: string;
  /** the figure; by default the number of bad requests */
  figure?: Fragment;
  wrong: Fragment;
  worst: Fragment;
  /**
   * compares with past weeks: `tables` has `usual`, with a `path` and the columns of Usual, which `bad` may use too; `columns` are
   * counted of a path's requests
   */
  compare?: { tables: Fragment; columns?: Fragment; tolerated: Fragment };
}

export function countRequests<More extends object = object>(
  { max_findings: max, window_minutes }: Config,
  context: EventContext,
  {
    requests = sql`count(*)`,
    bad,
    badName,
    figure = sql`count(*) FILTER (WHERE ${bad})`,
    wrong,
    worst,
    compare,
  }: Question,
  finding: (
    endpoint: Endpoint & More & { component: string },
  ) => Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata'>,
): Promise<EventResult> {
  const { from, now } = context;
  const path = sql`path`;
  const question = {
    ...(compare && { tables: compare.tables, tolerated: compare.tolerated }),
    counted: sql`
      SELECT *, requests AS "of", 100.0 * figure / nullif(requests, 0) AS share FROM (
        SELECT path AS key, ${requests} AS requests, ${figure} AS figure, count(*) FILTER (WHERE ${bad}) AS bad,
          ${compare ? sql`usual_share, usual_ms,` : sql``} ${compare?.columns ? sql`${compare.columns},` : sql``}
          -- Unknown where a row has no IP address.
          CASE WHEN bool_and(ip_address IS NOT NULL) FILTER (WHERE ${bad}) THEN count(DISTINCT ip_address) FILTER (WHERE ${bad}) END AS clients,
          max(created_at) FILTER (WHERE ${bad}) AS newest
        FROM (SELECT *, ${pathOf} AS path FROM api_logs
              WHERE created_at >= ${from} AND created_at <= ${now}) logs ${joinStart(path)}
        ${compare ? sql`LEFT JOIN usual USING (path)` : sql``}
        WHERE ${isSinceStart(path, context)}
        GROUP BY path ${compare ? sql`, usual_share, usual_ms` : sql``}
      ) figures`,
    wrong,
    worst,
    max,
    figures: (all: Totals) => [
      { name: 'endpoints', value: all.keys },
      { name: 'requests', value: all.of },
      { name: badName, value: all.bad },
      ...(compare ? [{ name: 'endpoints as bad as in past weeks', value: all.tolerated }] : []),
    ],
  };
  return countEvents<Endpoint & More>(context, question, (endpoint) => {
    const component = shortened(endpoint.key);
    const { severity, title, description, metadata } = finding({ ...endpoint, component });
    const figures = {
      path: endpoint.key,
      requests: endpoint.requests,
      window_minutes,
      ...metadata,
    };
    return {
      severity,
      category: 'api',
      title,
      component,
      metadata: figures,
      ...(description !== undefined && { description }),
    };
  });
}
