/** Finds rows whose parent row is missing, where no foreign key enforces the reference. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';

interface Reference {
  table: string;
  column: string;
  parent: string;
}

/** The columns of the documented schema that refer to `id` of another table. auth.users is Supabase's: checks do not read it. */
const references: Reference[] = Object.entries({
  profiles: `organizations.owner_id organization_members.user_id user_sessions.user_id user_activity_log.user_id
    credits.user_id transactions.user_id subscriptions.user_id app_usage.user_id tools_usage.user_id tools_results.user_id
    api_logs.user_id page_views.user_id error_logs.user_id javari_projects.user_id javari_conversations.user_id
    javari_credentials.user_id javari_learning.user_id javari_usage_stats.user_id game_sessions.user_id
    game_leaderboards.user_id avatars.user_id virtual_spaces.owner_id first_responders.user_id support_groups.created_by
    group_members.user_id`,
  organizations: 'organization_members.organization_id',
  app_catalog: 'app_usage.app_id tools_catalog.app_id',
  tools_catalog: 'tools_usage.tool_id tools_results.tool_id',
  javari_projects: 'javari_projects.parent_project_id javari_conversations.project_id',
  games_catalog: 'game_sessions.game_id game_leaderboards.game_id',
  avatars: 'space_visits.avatar_id',
  virtual_spaces: 'space_visits.space_id',
  support_groups: 'group_members.group_id',
}).flatMap(([parent, columns]) =>
  columns.split(/\s+/).map((each) => {
    const [table, column] = each.split('.') as [string, string];
    return { table, column, parent };
  }),
);

export const tablesWithReferences = [
  ...new Set(references.flatMap(({ table, parent }) => [table, parent])),
];

/**
 * References without a foreign key that holds for every row: it was dropped, added as NOT VALID, is not enforced, or its
 * triggers are switched off, as an interrupted restore leaves them.
 */
async function findUnguarded({ db }: CheckContext): Promise<Reference[]> {
  const { rows } = await sql<Reference>`
    SELECT r."table", r."column", r.parent
    FROM jsonb_to_recordset(${JSON.stringify(references)}::jsonb) AS r ("table" text, "column" text, parent text)
    WHERE NOT EXISTS (
      SELECT FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = r."column" AND c.conkey = ARRAY[a.attnum]
      WHERE c.contype = 'f' AND c.convalidated
        AND c.conrelid = to_regclass('public.' || r."table") AND c.confrelid = to_regclass('public.' || r.parent)
        -- PostgreSQL 18 and newer have this column.
        AND coalesce(to_jsonb(c) ->> 'conenforced', 'true') = 'true'
        AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = c.oid AND t.tgenabled NOT IN ('O', 'A'))
    )
    ORDER BY 1, 2`.execute(db);
  return rows;
}

const maxCounted = 10_000;

/** How many rows refer to a parent that is gone, up to one more than {@link maxCounted}. */
async function countOrphans({ table, column, parent }: Reference, { db }: CheckContext) {
  const { rows } = await sql<{ orphans: number }>`
    SELECT count(*)::int AS orphans FROM (
      SELECT FROM ${sql.table(table)} child
      WHERE child.${sql.ref(column)} IS NOT NULL
        AND NOT EXISTS (SELECT FROM ${sql.table(parent)} parent WHERE parent.id = child.${sql.ref(column)})
      LIMIT ${maxCounted + 1}
    ) o`.execute(db);
  return rows[0]!.orphans;
}

function orphansOf({ table, column, parent }: Reference, orphans: number): ReportedFinding {
  const rows = orphans > maxCounted ? `more than ${maxCounted} rows` : counted(orphans, 'row');
  return {
    severity: 'medium',
    category: 'orphans',
    title: `Orphans in ${table}: ${column} of ${rows} refers to no row of ${parent}`,
    description: 'No foreign key enforces this reference, or not for all rows.',
    component: `${table}.${column}`,
    metadata: { table, column, parent, orphans: Math.min(orphans, maxCounted) },
  };
}

export async function findOrphans(_config: unknown, context: CheckContext): Promise<CheckResult> {
  const unguarded = await findUnguarded(context);
  const findings: ReportedFinding[] = [];
  for (const reference of unguarded) {
    context.signal.throwIfAborted();
    context.progress(unguarded.indexOf(reference) / unguarded.length, reference.table);
    const orphans = await countOrphans(reference, context);
    if (orphans > 0) findings.push(orphansOf(reference, orphans));
  }
  return {
    examined: references.map(({ table, column }) => `${table}.${column}`),
    findings,
    figures: [
      { name: 'references', value: references.length },
      { name: 'references without a foreign key', value: unguarded.length },
      { name: 'references with orphans', value: findings.length },
    ],
  };
}
