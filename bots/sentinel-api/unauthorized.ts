/** Looks for endpoints that answer 401 far more often than at the same time of past days. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import { countRequests, pathOf } from './count-requests.ts';
import type { Config } from './config.ts';
import { daysOf, requestsOf } from './past-days.ts';

/** From this share of the 401 answers on, one address is behind them: a client with an old token, and no fault of the endpoint. */
const oneClientPercent = 80;

interface Compared {
  path: string;
  /** percent of the requests of past days; 0 where there are none */
  usual: number;
  /** percent of the 401 answers now that went to the address with the most; null where addresses are not logged */
  busiest: number | null;
}

async function compare(
  paths: string[],
  { db, from, now }: EventContext,
): Promise<Map<string, Compared>> {
  if (paths.length === 0) return new Map();
  const { rows } = await sql<Compared>`
    WITH days AS MATERIALIZED (${daysOf(from, now)}), before AS (
      SELECT ${pathOf} AS path, count(*) AS refused FROM days d
      JOIN api_logs l ON l.status_code = 401 AND l.created_at >= d."from" AND l.created_at <= d."to"
      GROUP BY 1
    ), past AS (
      SELECT path, sum(requests) AS requests FROM (${requestsOf(from, now)}) r GROUP BY path
    ), addresses AS (
      SELECT path, max(refused) FILTER (WHERE ip_address IS NOT NULL) AS most, sum(refused) AS refused FROM (
        SELECT ${pathOf} AS path, ip_address, count(*) AS refused FROM api_logs
        WHERE status_code = 401 AND created_at >= ${from} AND created_at <= ${now}
        GROUP BY 1, 2
      ) l GROUP BY path
    )
    SELECT path, coalesce(100.0 * b.refused / nullif(p.requests, 0), 0)::float8 AS usual, (100.0 * a.most / a.refused)::float8 AS busiest
    FROM unnest(${paths}::text[]) AS path
    LEFT JOIN before b USING (path) LEFT JOIN past p USING (path) LEFT JOIN addresses a USING (path)`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.path, row]));
}

export async function findUnauthorized(
  config: Config,
  context: EventContext,
): Promise<EventResult> {
  const question = {
    bad: sql`status_code = 401`,
    badName: 'requests answered 401',
    wrong: sql`figure >= ${config.min_401} AND share > ${config.max_401_percent}::numeric`,
    worst: sql`share DESC, figure DESC`,
  };
  const shares = new Map<string, number>();
  const result = await countRequests(
    config,
    context,
    question,
    ({ key: path, component, requests, figure, share }) => {
      shares.set(path, share);
      return {
        severity: 'high',
        title: `${component}: ${figure} of ${requests} requests answered 401`,
        metadata: { answered_401: figure },
      };
    },
  );
  const compared = await compare([...shares.keys()], context);
  return {
    ...result,
    // An endpoint at which people sign in answers 401 each day: more than usual is a spike.
    findings: result.findings.flatMap((finding) => {
      const { usual = 0, busiest = null } = compared.get(finding.key!) ?? {};
      if (shares.get(finding.key!)! <= usual * config.rise_401_factor) return [];
      const isOneClient = busiest !== null && busiest >= oneClientPercent;
      return [
        {
          ...finding,
          severity: isOneClient ? ('low' as const) : ('high' as const),
          description:
            `On past days it was ${usual.toFixed(1)} % at this time.` +
            (isOneClient ? ' Most of them went to one address.' : ''),
          metadata: { ...finding.metadata, usual_percent: usual, busiest_address_percent: busiest },
        },
      ];
    }),
  };
}
