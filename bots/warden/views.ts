/** Views through which users read rows that row level security hides from them. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { reportProblems, maxProblems, type Problem } from './report.ts';
import { readPolicies } from './locked.ts';
import { isOfExtension, rolesInWords, requireSchemas, schemasOf, usersOf } from './users.ts';

interface OpenView {
  view: string;
  stored: boolean;
  writable: boolean;
  roles: string[];
  quoted: string[];
  /** tables whose policies it bypasses */
  tables: string[];
}

/**
 * A view reads with the rights of its owner or, with security_invoker, with those of the reader of the view. It bypasses a table whose
 * policies do not bind that role, unless a policy lets the same users read all rows of the table anyway.
 */
export async function findOpenViews(config: Config, context: CheckContext): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows } = await readPolicies(context, () =>
    sql<OpenView & { examined: number }>`
    WITH RECURSIVE ${usersOf(config)}, ${schemasOf(config)}, views AS MATERIALIZED (
      SELECT c.oid, c.relkind, c.relnamespace, format('%I.%I', s.nspname, c.relname) AS view
      FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
      WHERE c.relkind IN ('v', 'm') AND NOT ${isOfExtension('pg_class', 'c')}
    ), selectable AS MATERIALIZED (
      SELECT v.oid, array_agg(u.oid) AS users, array_agg(u.name ORDER BY u.name) AS roles,
        array_agg(CASE u.oid WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.name) END ORDER BY u.name) AS quoted,
        bool_or(v.relkind = 'v' AND (
          pg_relation_is_updatable(v.oid, false) & 8 > 0 AND has_any_column_privilege(u.oid, v.oid, 'INSERT')
          OR pg_relation_is_updatable(v.oid, false) & 4 > 0 AND has_any_column_privilege(u.oid, v.oid, 'UPDATE')
          OR pg_relation_is_updatable(v.oid, false) & 16 > 0 AND has_table_privilege(u.oid, v.oid, 'DELETE'))) AS writable
      FROM views v, users u
      WHERE has_any_column_privilege(u.oid, v.oid, 'SELECT') AND has_schema_privilege(u.oid, v.relnamespace, 'USAGE')
      GROUP BY v.oid
    ), relations AS MATERIALIZED (
      SELECT oid, relkind, relowner, relrowsecurity, relforcerowsecurity,
        -- Not to_regclass: that needs USAGE on the schema.
        relname = 'users' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'auth') AS is_users,
        relkind = 'v' AND EXISTS (SELECT FROM pg_options_to_table(reloptions)
          WHERE option_name = 'security_invoker' AND lower(option_value) IN ('true', 'on', '1', 'yes', 't', 'y', 'tru', 'tr', 'ye'))
          AS invoker
      FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm')
    ), reads (view, relation, reader) AS (
      SELECT s.oid, s.oid, CASE WHEN r.invoker THEN 0::oid ELSE r.relowner END FROM selectable s JOIN relations r USING (oid)
      UNION
      SELECT e.view, d.refobjid, CASE WHEN r.relkind NOT IN ('v', 'm') OR r.invoker THEN e.reader ELSE r.relowner END
      FROM reads e JOIN pg_rewrite w ON w.ev_class = e.relation AND w.ev_type = '1'
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid <> e.relation
      JOIN relations r ON r.oid = d.refobjid
    ), passed AS (
      SELECT DISTINCT e.view, e.relation
      FROM reads e JOIN relations r ON r.oid = e.relation JOIN selectable s ON s.oid = e.view JOIN pg_roles o ON o.oid = e.reader
      WHERE e.reader <> 0 AND r.relkind IN ('r', 'p')
        AND (r.is_users OR r.relrowsecurity
             AND (o.rolsuper OR o.rolbypassrls OR NOT r.relforcerowsecurity AND pg_has_role(o.oid, r.relowner, 'USAGE')))
        AND EXISTS (
          SELECT FROM unnest(s.users) u WHERE NOT EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = e.relation AND p.polpermissive AND p.polcmd IN ('r', '*')
              AND (p.polroles = '{0}' OR u = ANY (p.polroles)) AND pg_get_expr(p.polqual, p.polrelid) = 'true'
              AND has_any_column_privilege(u, e.relation, 'SELECT')
          )
        )
    ), open AS (
      SELECT v.view, v.relkind = 'm' AS stored, s.writable, s.roles, s.quoted,
        (array_agg((pg_identify_object('pg_class'::regclass, p.relation, 0)).identity ORDER BY p.relation))[1:20] AS tables
      FROM passed p JOIN views v ON v.oid = p.view JOIN selectable s ON s.oid = p.view
      GROUP BY v.view, v.relkind, s.writable, s.roles, s.quoted
    )
    SELECT (SELECT count(*)::int FROM views) AS examined, open.*
    FROM (SELECT) one LEFT JOIN open ON true ORDER BY view LIMIT ${maxProblems}`.execute(
      context.db,
    ),
  );
  return reportProblems('views', config, context, {
    examined: rows[0]?.examined ?? 0,
    problems: rows.filter(({ view }) => view !== null).map(problemOf),
  });
}

function problemOf({ view, stored, writable, roles, quoted, tables }: OpenView): Problem {
  const kind = stored ? 'Materialized view' : 'View';
  return {
    object: view,
    severity: writable || tables.includes('auth.users') ? 'critical' : 'high',
    title: `${kind} bypasses row level security: ${view}; ${rolesInWords(roles)} may ${writable ? 'read and write' : 'read'} it`,
    description:
      `It shows rows of ${tables.join(', ')} as its owner sees them: policies of ${tables.length === 1 ? 'that table' : 'these tables'} ` +
      `do not bind the users who read it. ` +
      (stored
        ? 'A materialized view has no row level security. Revoke the right to read it, and let a function or the server read it.'
        : 'With security_invoker it reads as the user does, who then needs rights on the tables. If all users may ' +
          'read its rows, waive the finding.'),
    sql: stored
      ? [`REVOKE ALL ON ${view} FROM ${quoted.join(', ')};`]
      : [`ALTER VIEW ${view} SET (security_invoker = true);`],
    metadata: { tables, roles },
  };
}
