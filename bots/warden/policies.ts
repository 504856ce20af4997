/** Policies that let users write without a condition, and policies that name no role. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { alwaysTrue, type Truth } from './always-true.ts';
import type { Config } from './config.ts';
import { reportProblems, type Problem } from './report.ts';
import { readPolicies } from './locked.ts';
import { isOfExtension, rolesInWords, requireSchemas, schemasOf, usersOf } from './users.ts';

/** A policy for every command has three rows. */
const maxOpenings = 30_000;

/** How a permissive policy opens one writing command. */
interface Opening {
  policy: string;
  table: string;
  command: 'INSERT' | 'UPDATE' | 'DELETE';
  toPublic: boolean;
  /** users to whom the policy applies, and whether they have the right */
  users: { name: string; granted: boolean; anonymous: boolean }[];
  using: string | null;
  check: string | null;
}

/** Every permissive policy of a writing command that applies to users; without those that a restrictive policy narrows. */
async function readOpenings(config: Config, context: CheckContext) {
  const { db } = context;
  const { rows } = await readPolicies(context, () =>
    sql<Opening>`
    WITH ${usersOf(config)}, ${schemasOf(config)}, commands (letter, command) AS (
      VALUES ('a'::"char", 'INSERT'), ('w'::"char", 'UPDATE'), ('d'::"char", 'DELETE')
    )
    SELECT format('%I on %I.%I', p.polname, s.nspname, c.relname) AS policy, format('%I.%I', s.nspname, c.relname) AS "table",
      k.command, p.polroles = '{0}' AS "toPublic", applies.users,
      left(pg_get_expr(p.polqual, p.polrelid), 1000) AS using, left(pg_get_expr(p.polwithcheck, p.polrelid), 1000) AS "check"
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN schemas s ON s.oid = c.relnamespace
    JOIN commands k ON p.polcmd IN ('*', k.letter),
      LATERAL (
        SELECT json_agg(json_build_object('name', u.name, 'anonymous', u.anonymous, 'granted',
          has_schema_privilege(u.oid, c.relnamespace, 'USAGE')
          AND CASE k.command WHEN 'DELETE' THEN has_table_privilege(u.oid, c.oid, 'DELETE')
              ELSE has_any_column_privilege(u.oid, c.oid, k.command) END) ORDER BY u.name) AS users
        FROM users u
        WHERE p.polroles = '{0}' OR u.oid = ANY (p.polroles)
          OR u.oid <> 0 AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r <> 0 AND pg_has_role(u.oid, r, 'USAGE'))
      ) applies
    WHERE p.polpermissive AND c.relrowsecurity AND applies.users IS NOT NULL AND NOT ${isOfExtension('pg_class', 'c')}
      AND NOT EXISTS (
        SELECT FROM pg_policy r WHERE r.polrelid = p.polrelid AND NOT r.polpermissive AND r.polcmd IN ('*', k.letter)
          AND (r.polroles = '{0}' OR r.polroles @> p.polroles)
          AND coalesce(pg_get_expr(CASE k.letter WHEN 'a' THEN coalesce(r.polwithcheck, r.polqual) ELSE r.polqual END, r.polrelid),
                       'true') <> 'true')
    ORDER BY 1, k.command LIMIT ${maxOpenings}`.execute(db),
  );
  const { rows: counted } = await sql<{ policies: number }>`
    SELECT count(*)::int AS policies FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace::regnamespace::text = ANY (SELECT quote_ident(s) FROM unnest(${config.schemas}::text[]) s)`.execute(
    db,
  );
  return { rows, examined: counted[0]?.policies ?? 0 };
}

/** What is always true for writing: which rows, and which new contents. */
function truthOf({ command, using, check }: Opening): {
  rows: Truth | null;
  contents: Truth | null;
} {
  const contents = command === 'DELETE' ? null : alwaysTrue(check ?? using);
  return { rows: command === 'INSERT' ? null : alwaysTrue(using), contents };
}

const reaches = (truth: Truth | null, anonymous: boolean) =>
  truth === 'all' || (truth === 'signed-in' && !anonymous);

interface Open {
  opening: Opening;
  users: Opening['users'];
  /** whether it opens existing rows, and not only the contents of one's own */
  rows: boolean;
  truth: Truth;
}

function openedBy(opening: Opening): Open | null {
  const { rows, contents } = truthOf(opening);
  // PUBLIC stands for users who are signed in, too.
  const reached = (truth: Truth | null) =>
    opening.users.filter(({ name, anonymous }) => reaches(truth, anonymous && name !== 'PUBLIC'));
  const byRows = reached(rows);
  const users = byRows.length > 0 ? byRows : reached(contents);
  const truth = byRows.length > 0 ? rows : contents;
  return truth && users.length > 0 ? { opening, users, rows: byRows.length > 0, truth } : null;
}

export async function findOpenPolicies(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows, examined } = await readOpenings(config, context);
  const open = rows.map(openedBy).filter((each) => each !== null);
  const problems = [...Map.groupBy(open, ({ opening }) => opening.policy).values()].map(
    openProblem,
  );
  return reportProblems('open-policies', config, context, {
    examined,
    problems,
    isCut: rows.length >= maxOpenings,
  });
}

function openProblem(open: Open[]): Problem {
  const { policy, table, using, check } = open[0]!.opening;
  const granted = open.filter(({ users }) => users.some((user) => user.granted));
  const shown = granted.length > 0 ? granted : open;
  const commands = shown.map(({ opening }) => opening.command);
  const roles = rolesInWords(
    shown.flatMap(({ users }) =>
      users.filter((user) => granted.length === 0 || user.granted).map(({ name }) => name),
    ),
  );
  // An inserted row changes no other row. With free contents, users can only write rows in the name of others.
  const strongest = shown.some(({ rows, opening }) => rows && opening.command !== 'INSERT');
  const anonymous = shown.some(
    ({ users, truth }) => truth === 'all' && users.some((user) => user.anonymous && user.granted),
  );
  return {
    object: policy,
    severity:
      granted.length === 0 ? 'low' : strongest ? (anonymous ? 'critical' : 'high') : 'medium',
    title: `Policy lets users write without a condition: ${policy}; ${commands.join(', ')} for ${roles}`,
    description:
      (strongest
        ? 'Its condition is true for every row: these users may change or remove the rows of all others.'
        : 'Its condition is true for every new row: these users may write any content, also in the name of others.') +
      (granted.length === 0
        ? ' At present no grant gives them the right; the next one that does opens the table.'
        : ''),
    sql: [
      '-- Put the column that names the owner of a row in place of user_id:',
      `ALTER POLICY ${policy}${strongest ? ' USING (user_id = (SELECT auth.uid()))' : ''}` +
        `${commands.some((command) => command !== 'DELETE') ? ' WITH CHECK (user_id = (SELECT auth.uid()))' : ''};`,
    ],
    metadata: { table, commands, roles, using, with_check: check, in_force: granted.length > 0 },
  };
}

export async function findPoliciesWithoutRoles(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  await requireSchemas(config, context);
  const { rows, examined } = await readOpenings(config, context);
  const toPublic = rows.filter((row) => row.toPublic);
  const problems = [...Map.groupBy(toPublic, ({ policy }) => policy).values()].map(
    (of): Problem => {
      const { policy, table } = of[0]!;
      const commands = of.map(({ command }) => command);
      const anonymous = of.some(({ users }) =>
        users.some((user) => user.anonymous && user.granted),
      );
      const to = config.signed_in_roles[0] ?? 'authenticated';
      return {
        object: policy,
        severity: anonymous ? 'medium' : 'low',
        title: `Policy names no role: ${policy}; ${commands.join(', ')}`,
        description:
          'A policy without TO applies to every role, also to users who are not signed in' +
          (anonymous
            ? ', and these have the right to write: its condition alone keeps them out.'
            : '.') +
          ' Name the roles for which it is meant. A policy for service_role is not needed: that role bypasses policies.',
        sql: [
          `ALTER POLICY ${policy} TO ${/^[a-z_][a-z0-9_]*$/.test(to) ? to : `"${to.replaceAll('"', '""')}"`};`,
        ],
        metadata: { table, commands },
      };
    },
  );
  return reportProblems('policy-roles', config, context, {
    examined,
    problems,
    isCut: rows.length >= maxOpenings,
  });
}
