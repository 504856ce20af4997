/** How many of the allowed connections are used: on the server, of this database, and of roles that have a limit. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { category } from './report.ts';

interface Limit {
  what: string;
  key: string;
  used: number;
  allowed: number;
}

/**
 * Counts each session of a client, those of Roundsman too. Where others' sessions are hidden, their kind is as well: then
 * each session with a role and a database counts, so a parallel worker of a hidden session counts as one.
 */
export async function findFewConnections(
  { connections_percent: from, connections_severe_percent: severe, max_findings: max }: Config,
  { db }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Limit>`
    WITH clients AS MATERIALIZED (
      SELECT datid, usesysid FROM pg_stat_activity
      WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL AND usesysid IS NOT NULL
    ), limits AS (
      SELECT 'the server' AS what, 'server' AS key, (SELECT count(*)::int FROM clients) AS used, (
        SELECT sum(CASE WHEN name = 'max_connections' THEN setting::int ELSE -setting::int END)::int
        FROM pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
      ) AS allowed, 0 AS place
      UNION ALL
      SELECT 'database ' || datname, 'database ' || datname, (SELECT count(*)::int FROM clients WHERE datid = d.oid), datconnlimit, 1
      FROM pg_database d WHERE datname = current_database() AND datconnlimit > 0
      UNION ALL
      SELECT 'role ' || rolname, 'role ' || rolname, count(usesysid)::int, rolconnlimit, 2
      FROM pg_roles r LEFT JOIN clients ON usesysid = r.oid WHERE rolconnlimit > 0 AND NOT rolsuper
      GROUP BY rolname, rolconnlimit
    )
    SELECT what, key, used, allowed FROM limits
    ORDER BY place = 0 DESC, used::float8 / greatest(1, allowed) DESC, key LIMIT ${max + 1}`.execute(
    db,
  );
  const server = rows[0]!;
  const share = ({ used, allowed }: Limit) => (100 * used) / Math.max(1, allowed);
  const full = rows.filter((limit) => share(limit) >= from);
  return {
    examined: { count: rows.length, except: [] },
    figures: [
      { name: 'connections used', value: server.used },
      { name: 'connections allowed', value: server.allowed },
      { name: 'share of connections used', value: Math.round(share(server)), unit: '%' },
    ],
    findings: full.slice(0, max).map((limit) => ({
      severity: share(limit) >= severe ? 'critical' : 'medium',
      category,
      title: `Connections of ${limit.what}: ${limit.used} of ${limit.allowed} are used, ${Math.floor(share(limit))} %`,
      description:
        'When none is left, new sessions are refused. Connections that are reserved for superusers are not counted as allowed.',
      component: 'connections',
      key: limit.key,
      metadata: { used: limit.used, allowed: limit.allowed },
    })),
    truncated: full.length > max,
  };
}
