/** Columns that hold secrets, and that users may select. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { reportProblems, maxProblems, type Problem } from './report.ts';
import { isOfExtension, rolesInWords, requireSchemas, schemasOf, usersOf } from './users.ts';

/**
 * Names that say "secret": the noun at the end, perhaps with how it is kept (`password_hash`, `api_key_encrypted`). Names that only
 * tell about a secret end otherwise: `password_changed_at`, `token_count`, `api_key_id`, `encryption_key_id`.
 */
const storedAs =
  '(_?(hash|hashed|digest|salt|encrypted|enc|sealed|cipher|ciphertext|value|plain|plaintext|raw|base64))*';
const nouns = [
  'password|passwd|passphrase|pwd|passcode',
  '(client|app|shared|webhook|signing|jwt|otp|totp|mfa|oauth|hmac)_?secret|secret|secret_?key|secrets',
  '(api|access|private|signing|encryption|service|service_?role|ssh|master|license|webhook|auth)_?key|apikey',
  '(access|refresh|session|bearer|auth|api|id|reset|invite|invitation|confirmation|verification|recovery|magic_?link|csrf|bot|personal|oauth)_?token|token|jwt',
  'credentials?|recovery_?codes?|backup_?codes?|otp|pin_?code|connection_?string|dsn',
].join('|');
const secretName = `^(.*_)?(${nouns})${storedAs}$`;
/** The value is kept encrypted. */
const sealedName = '^(encrypted|sealed|enc)_|_(encrypted|sealed|enc|ciphertext)$';

interface OpenColumn {
  table: string;
  column: string;
  sealed: boolean;
  roles: string[];
  quoted: string[];
  /** whether a grant on the whole table gives the right */
  whole: boolean;
  /** the columns of the table that hold no secret, as SQL writes them */
  others: string[] | null;
}

export async function findSecretColumns(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows } = await sql<OpenColumn & { examined: number }>`
    WITH ${usersOf(config)}, ${schemasOf(config)}, columns AS MATERIALIZED (
      SELECT c.oid, c.relnamespace, c.relkind, c.relrowsecurity, a.attnum, format('%I.%I', s.nspname, c.relname) AS "table",
        quote_ident(a.attname) AS "column",
        -- Camel case as words, too: apiKey is api_key.
        lower(regexp_replace(a.attname, '([a-z0-9])([A-Z])', '\\1_\\2', 'g')) AS words, t.typcategory, t.typname
      FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT ${isOfExtension('pg_class', 'c')}
    ), secret AS MATERIALIZED (
      SELECT *, words ~ ${sealedName} AS sealed FROM columns
      -- What holds a secret is text, bytes, a uuid, JSON or a list of these; flags, counts and times are not.
      WHERE (typcategory IN ('S', 'A') OR typname IN ('bytea', 'uuid', 'json', 'jsonb'))
        AND (words ~ ${secretName} OR words ~ ${sealedName})
    ), safe AS MATERIALIZED (
      SELECT o.oid, array_agg(o."column" ORDER BY o.attnum) FILTER (WHERE x.attnum IS NULL) AS others
      FROM columns o LEFT JOIN (SELECT oid, attnum FROM secret) x ON x.oid = o.oid AND x.attnum = o.attnum
      WHERE o.oid IN (SELECT oid FROM secret) GROUP BY o.oid
    ), open AS (
      SELECT k."table", k."column", k.sealed, held.roles, held.quoted, held.whole,
        safe.others
      FROM secret k JOIN safe USING (oid), LATERAL (
        SELECT array_agg(u.name ORDER BY u.name) AS roles,
          array_agg(CASE u.oid WHEN 0 THEN 'PUBLIC' ELSE quote_ident(u.name) END ORDER BY u.name) AS quoted,
          bool_or(has_table_privilege(u.oid, k.oid, 'SELECT')) AS whole
        FROM users u
        WHERE has_column_privilege(u.oid, k.oid, k.attnum, 'SELECT') AND has_schema_privilege(u.oid, k.relnamespace, 'USAGE')
          -- Without a policy that lets them read, users see no row.
          AND (NOT k.relrowsecurity OR EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = k.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
              AND (p.polroles = '{0}' OR u.oid = ANY (p.polroles)
                   OR u.oid <> 0 AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r <> 0 AND pg_has_role(u.oid, r, 'USAGE')))))
      ) held
      WHERE held.roles IS NOT NULL
    )
    SELECT (SELECT count(*)::int FROM columns) AS examined, open.*
    FROM (SELECT) one LEFT JOIN open ON true ORDER BY "table", "column" LIMIT ${maxProblems}`.execute(
    context.db,
  );
  const anonymous = new Set(['PUBLIC', ...config.anonymous_roles]);
  return reportProblems('secret-columns', config, context, {
    examined: rows[0]?.examined ?? 0,
    problems: rows.filter(({ table }) => table !== null).map((row) => problemOf(row, anonymous)),
  });
}

function problemOf(row: OpenColumn, anonymous: ReadonlySet<string>): Problem {
  const { table, column, sealed, roles, whole } = row;
  const others = row.others ?? [];
  const to = row.quoted.join(', ');
  const isOpen = roles.some((role) => anonymous.has(role));
  return {
    object: `${table}.${column}`,
    severity: sealed ? 'medium' : isOpen ? 'critical' : 'high',
    title: `Secrets can be selected by users: ${table}.${column}; ${rolesInWords(roles)} may read it`,
    description:
      (sealed
        ? 'Its name says that it holds encrypted values. Users do not need them, and a reader can try any number of keys on them.'
        : 'Its name says that it holds secrets. What users may select reaches their browsers, logs and every person who takes over a session.') +
      ' Let only the server read it. A grant on the whole table covers every column, so it is replaced by one on the others.',
    sql: whole
      ? [
          `REVOKE SELECT ON ${table} FROM ${to};`,
          ...(others.length > 0
            ? [`GRANT SELECT (${others.join(', ')}) ON ${table} TO ${to};`]
            : []),
        ]
      : [`REVOKE SELECT (${column}) ON ${table} FROM ${to};`],
    metadata: { roles, sealed },
  };
}
