/** Functions that run with the rights of their owner, and functions that find names by their caller's search_path. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { reportProblems, maxProblems, type Problem } from './report.ts';
import { isOfExtension, rolesInWords, requireSchemas, schemasOf, usersOf } from './users.ts';

/** The function as ALTER ROUTINE names it: with its schema and those of its types, whatever the search_path of this session. */
const identity = sql`(pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity`;

/** As people write it, and as a waiver names it: types of PostgreSQL itself need no schema. */
const shownAs = (routine: string): string => routine.replaceAll(/(?<=[(,])pg_catalog\./g, '');

interface DefinerFunction {
  routine: string;
  volatile: boolean;
  /** roles that may call it, as SQL writes them */
  callers: string[];
  /** roles that a grant names, as SQL writes them */
  granted: string[];
}

export async function findDefinerFunctions(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows } = await sql<DefinerFunction & { examined: number }>`
    WITH ${usersOf(config)}, ${schemasOf(config)}, functions AS MATERIALIZED (
      SELECT p.* FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
      WHERE p.prokind IN ('f', 'p', 'w') AND NOT ${isOfExtension('pg_proc', 'p')}
    ), open AS (
      SELECT ${identity} AS routine, p.provolatile = 'v' AS volatile, callers.callers,
        ARRAY(SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.name) END
              FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a JOIN users u ON u.oid = a.grantee AND u.anonymous
              ORDER BY a.grantee) AS granted
      FROM functions p, LATERAL (
        SELECT array_agg(CASE u.oid WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.name) END ORDER BY u.name) AS callers FROM users u
        WHERE u.anonymous AND has_function_privilege(u.oid, p.oid, 'EXECUTE') AND has_schema_privilege(u.oid, p.pronamespace, 'USAGE')
      ) callers
      WHERE p.prosecdef AND callers.callers IS NOT NULL
        -- Only triggers call these; no statement can.
        AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    )
    SELECT (SELECT count(*)::int FROM functions) AS examined, open.*
    FROM (SELECT) one LEFT JOIN open ON true ORDER BY routine LIMIT ${maxProblems}`.execute(
    context.db,
  );
  const found = rows.filter(({ routine }) => routine !== null);
  return reportProblems('definer-functions', config, context, {
    examined: rows[0]?.examined ?? 0,
    problems: found.map(({ routine, volatile, callers, granted }) => ({
      object: shownAs(routine),
      severity: 'high',
      title: `Function runs as its owner for anonymous callers: ${shownAs(routine)}; ${rolesInWords(callers)} may call it`,
      description:
        `It is SECURITY DEFINER${volatile ? ' and may write' : ''}: every caller acts with the rights of its owner, without row level ` +
        'security, and the API lets users who are not signed in call it. Revoke the right and grant it to the roles that ' +
        'need it (those that had it through PUBLIC lose it, service_role too), or make it SECURITY INVOKER.',
      sql: [
        `REVOKE EXECUTE ON ROUTINE ${routine} FROM ${(granted.length > 0 ? granted : callers).join(', ')};`,
      ],
      metadata: { callers },
    })),
  });
}

/**
 * Schemas of PostgreSQL, of Supabase (https://supabase.com/docs/guides/database/tables, "protected schemas") and of the
 * engine's queue: others write their functions.
 */
const foreignSchemas = [
  'information_schema auth cron extensions graphql graphql_public net pgbouncer pgmq pgsodium pgsodium_masks realtime',
  '_realtime _analytics storage supabase_functions supabase_migrations vault bullmq',
]
  .join(' ')
  .split(' ');

export async function findLoosePaths(config: Config, context: CheckContext): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows } = await sql<{
    examined: number;
    routine: string;
    schema: string;
    definer: boolean;
    bound: boolean;
  }>`
    WITH functions AS MATERIALIZED (
      SELECT p.*, n.nspname, n.nspname = ANY (${config.schemas}::text[]) AS exposed
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
      WHERE p.prokind IN ('f', 'p', 'w') AND n.nspname !~ '^pg_' AND NOT n.nspname = ANY (${foreignSchemas}::text[])
        AND l.lanname NOT IN ('c', 'internal') AND NOT ${isOfExtension('pg_proc', 'p')}
    ), loose AS (
      SELECT ${identity} AS routine, quote_ident(p.nspname) AS schema, p.prosecdef AS definer, p.prosqlbody IS NOT NULL AS bound
      FROM functions p
      WHERE NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%')
        -- In schemas that are not exposed, only SECURITY DEFINER functions count. Names in a body that was parsed when it was created are bound.
        AND (p.prosecdef OR p.exposed AND p.prosqlbody IS NULL)
    )
    SELECT (SELECT count(*)::int FROM functions) AS examined, loose.*
    FROM (SELECT) one LEFT JOIN loose ON true ORDER BY definer DESC, routine LIMIT ${maxProblems}`.execute(
    context.db,
  );
  return reportProblems('search-path', config, context, {
    examined: rows[0]?.examined ?? 0,
    problems: rows.filter(({ routine }) => routine !== null).map(looseProblem),
  });
}

const looseProblem = ({
  routine,
  schema,
  definer,
  bound,
}: Record<'routine' | 'schema', string> & Record<'definer' | 'bound', boolean>): Problem => ({
  object: shownAs(routine),
  severity: definer && !bound ? 'high' : 'low',
  title: `Function has no search_path of its own: ${shownAs(routine)}`,
  description: definer
    ? 'It runs with the rights of its owner and looks names up in the search_path of its caller, who can put objects of the ' +
      'same names before those that are meant.'
    : 'It looks names up in the search_path of its caller: it may find other objects than its author did, or none.',
  sql: [
    '-- Add the other schemas whose names its body uses without a schema:',
    `ALTER ROUTINE ${routine} SET search_path = pg_catalog, ${schema}, pg_temp;`,
  ],
  metadata: { security_definer: definer },
});
