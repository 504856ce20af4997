/** Tables that users reach without row level security. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { reportProblems, maxProblems, type Problem } from './report.ts';
import { isOfExtension, rolesInWords, requireSchemas, schemasOf, usersOf } from './users.ts';

interface OpenTable {
  table: string;
  foreign: boolean;
  policies: number;
  /** each role that has a right, with its rights; the roles as SQL writes them */
  roles: { name: string; quoted: string; rights: string[] }[];
}

export async function findRowSecurityOff(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows } = await sql<OpenTable & { examined: number }>`
    WITH ${usersOf(config)}, ${schemasOf(config)}, tables AS MATERIALIZED (
      SELECT c.oid, c.relnamespace, format('%I.%I', s.nspname, c.relname) AS "table", c.relkind, c.relrowsecurity
      FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'f') AND NOT ${isOfExtension('pg_class', 'c')}
    ), rights AS (
      SELECT t.oid, json_agg(json_build_object('name', u.name, 'quoted', CASE u.oid WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.name) END,
                                               'rights', held.rights) ORDER BY u.name) AS roles
      FROM tables t, users u, LATERAL (
        SELECT array_agg(command ORDER BY place) AS rights
        FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) WITH ORDINALITY AS each (command, place)
        WHERE CASE command WHEN 'DELETE' THEN has_table_privilege(u.oid, t.oid, command)
                           ELSE has_any_column_privilege(u.oid, t.oid, command) END
      ) held
      WHERE NOT t.relrowsecurity AND held.rights IS NOT NULL AND has_schema_privilege(u.oid, t.relnamespace, 'USAGE')
      GROUP BY t.oid
    )
    SELECT (SELECT count(*)::int FROM tables) AS examined, t."table", t.relkind = 'f' AS foreign, r.roles,
      (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = t.oid) AS policies
    FROM (SELECT) one LEFT JOIN (tables t JOIN rights r USING (oid)) ON true
    ORDER BY t."table" LIMIT ${maxProblems}`.execute(context.db);
  return reportProblems('row-security', config, context, {
    examined: rows[0]?.examined ?? 0,
    problems: rows.filter(({ table }) => table !== null).map(problemOf),
  });
}

function problemOf({ table, foreign, policies, roles }: OpenTable): Problem {
  const writes = roles.some(({ rights }) => rights.some((right) => right !== 'SELECT'));
  const rights = [...new Set(roles.flatMap((role) => role.rights))];
  const who = rolesInWords(roles.map(({ name }) => name));
  const all = roles.map(({ quoted }) => quoted).join(', ');
  const readers = roles.filter((role) => role.rights.includes('SELECT'));
  return {
    object: table,
    severity: writes ? 'critical' : 'medium',
    title: `Row level security is off: ${table}; ${who} may ${rights.join(', ')}`,
    description: foreign
      ? 'A foreign table has no row level security: its grants open all of its rows. Revoke the rights of users, and let ' +
        'a function or the server read it.'
      : `Without row level security the grants open every row${writes ? ', also to be changed' : ''}. ` +
        (policies > 0
          ? `Its ${policies} ${policies === 1 ? 'policy is' : 'policies are'} without effect until it is switched on.`
          : 'After it is switched on, users see no row until a policy allows it: write the policies first.'),
    sql: foreign
      ? [`REVOKE ALL ON ${table} FROM ${all};`]
      : [
          `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;`,
          ...(!writes && policies === 0
            ? [
                '-- If all users are meant to read all of it:',
                `CREATE POLICY "All users read it" ON ${table} FOR SELECT TO ${readers.map(({ quoted }) => quoted).join(', ')} USING (true);`,
              ]
            : []),
        ],
    metadata: {
      rights: Object.fromEntries(roles.map((role) => [role.name, role.rights])),
      policies,
    },
  };
}
