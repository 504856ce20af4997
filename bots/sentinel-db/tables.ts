/** Dead rows, and statistics that are older than the rows. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { number } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { isOffPeak } from './peak.ts';
import { nameOf, reportList } from './report.ts';

interface Table {
  name: string;
  live: number;
  dead: number;
  changed: number;
  /** percent of the rows */
  share: number;
  /** a VACUUM or ANALYZE works on it now */
  busy: boolean;
  /** the login of this session, which the remedies work with, owns it */
  owned: boolean;
  vacuumed: string | null;
  analyzed: string | null;
  looked_at: number;
  small: number;
}

/** `share` is SQL over `live`, `dead` and `changed`. VACUUM and ANALYZE are known by their lock, which every role sees. */
const readWorst = (
  { db }: CheckContext,
  share: ReturnType<typeof sql>,
  { min_rows, max_findings: max }: Config,
  from: number,
) =>
  sql<Table>`
  WITH tables AS MATERIALIZED (
    SELECT s.relid, ${nameOf('schemaname', 's.relname')} AS name, n_live_tup::float8 AS live, n_dead_tup::float8 AS dead,
      n_mod_since_analyze::float8 AS changed, greatest(last_vacuum, last_autovacuum) AS vacuumed,
      greatest(last_analyze, last_autoanalyze) AS analyzed, pg_has_role(session_user, c.relowner, 'USAGE') AS owned
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE c.relkind IN ('r', 'm')
  ), shares AS (
    SELECT *, ${share} AS share FROM tables WHERE live + dead >= ${min_rows}::float8
  )
  SELECT total.*, found.* FROM (
    SELECT count(*)::int AS looked_at, count(*) FILTER (WHERE live + dead < ${min_rows}::float8)::int AS small,
      sum(dead)::float8 AS all_dead FROM tables
  ) total LEFT JOIN LATERAL (
    SELECT name, live, dead, changed, share, vacuumed::text, analyzed::text, owned, EXISTS (
      SELECT FROM pg_locks l WHERE l.relation = relid AND l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock'
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS busy
    FROM shares WHERE share >= ${from}::float8 ORDER BY share DESC, dead DESC, name LIMIT ${max + 1}
  ) found ON true
  ORDER BY share DESC, dead DESC, name`.execute(db);

const isFound = ({ name }: Table) => name !== null;

/** Whether an open transaction keeps dead rows: VACUUM could not remove them. */
async function isHeldBack({ db, now }: CheckContext): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    SELECT EXISTS (
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
        AND coalesce(backend_type, 'client backend') = 'client backend'
        AND coalesce(xact_start < ${now}::timestamptz - interval '5 minutes', true)
    ) OR EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
      OR EXISTS (SELECT FROM pg_replication_slots WHERE xmin IS NOT NULL AND NOT active) AS held`.execute(
    db,
  );
  return rows[0]!.held;
}

/** `vacuumed` are the names of the tables that the remedy db.vacuum knows. */
export const deadRowsCheck =
  (vacuumed: readonly string[]) =>
  async (config: Config, context: CheckContext): Promise<CheckResult> => {
    const { rows } = await readWorst(
      context,
      sql`100 * dead / greatest(1, live + dead)`,
      config,
      config.dead_percent,
    );
    const found = rows.filter(isFound);
    const offPeak = isOffPeak(context.now, config);
    const held = found.length > 0 && (await isHeldBack(context));
    const whyNotNow = ({ name, busy, owned }: Table) => {
      if (!vacuumed.includes(name)) return 'The remedy db.vacuum does not know this table.';
      if (!owned) return 'It belongs to a role whose tables Roundsman may not vacuum.';
      if (busy) return 'A VACUUM or ANALYZE works on it now.';
      if (held) return 'VACUUM waits: an open transaction or a slot keeps dead rows.';
      if (offPeak) return null;
      return `VACUUM waits for ${config.vacuum_from} (${config.vacuum_zone}).`;
    };
    return reportList(
      found,
      config,
      (table) => {
        const { name: component, live, dead, share } = table;
        const wait = whyNotNow(table);
        const start = wait === null ? 'Dead rows, VACUUM may run now' : 'Dead rows';
        return {
          severity: share >= config.dead_severe_percent ? 'medium' : 'low',
          title: `${start}: ${Math.floor(share)} % of the ${number(live + dead)} rows of ${component}`,
          description: `Dead rows make the table larger and its reads slower. ${wait ?? 'It is outside of peak hours.'}`,
          component,
          metadata: { live, dead, last_vacuum: table.vacuumed },
        };
      },
      {
        count: rows[0]!.looked_at,
        figures: [
          { name: 'tables judged', value: rows[0]!.looked_at - rows[0]!.small },
          { name: 'tables with too few rows to judge', value: rows[0]!.small },
          { name: 'tables with too many dead rows', value: found.length },
          {
            name: 'largest share of dead rows',
            value: Math.round(found[0]?.share ?? 0),
            unit: '%',
          },
        ],
      },
    );
  };

/** `analyzed` are the names of the tables that the remedy db.analyze knows. */
export const staleStatisticsCheck =
  (analyzed: readonly string[]) =>
  async (config: Config, context: CheckContext): Promise<CheckResult> => {
    const { rows } = await readWorst(
      context,
      sql`CASE WHEN changed >= ${config.min_rows}::float8 THEN 100 * changed / greatest(1, live) END`,
      config,
      config.changed_percent,
    );
    const found = rows.filter(isFound);
    return reportList(
      found,
      config,
      ({ name: component, changed, live, busy, owned, analyzed: last }) => ({
        severity: 'low',
        title: `${analyzed.includes(component) && owned && !busy ? 'Stale statistics, ANALYZE may run now' : 'Stale statistics'}: ${number(changed)} of ${number(live)} rows of ${component} changed`,
        description: 'The planner chooses its plans by statistics that are no longer right.',
        component,
        metadata: { changed, live, last_analyze: last },
      }),
      {
        count: rows[0]!.looked_at,
        figures: [
          { name: 'tables judged', value: rows[0]!.looked_at - rows[0]!.small },
          { name: 'tables with too few rows to judge', value: rows[0]!.small },
          { name: 'tables with stale statistics', value: found.length },
        ],
      },
    );
  };
