/** A platform made by hand from the documented schema, before Roundsman: its tables and its rows. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sql, type Kysely } from 'kysely';
import { expect } from 'vitest';
import { SchemaDiffersError } from '../../src/database/migrate/adopt.ts';
import { migrateToLatest, type MigrateOptions } from '../../src/database/migrate/migrate.ts';
import { emptyDatabase } from '../support/database.ts';

const folder = fileURLToPath(new URL('../../migrations/', import.meta.url));
export const files = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .toSorted();
const documented = files.filter((file) => /^v[1-5]_/.test(file));

/** A database in which the documented schema was run by hand; it has no table of migrations. */
export async function madeByHand(...changes: string[]) {
  const database = await emptyDatabase();
  for (const file of documented)
    await sql.raw(readFileSync(`${folder}${file}`, 'utf8')).execute(database.db);
  for (const change of changes) await sql.raw(change).execute(database.db);
  return database;
}

/** All objects of a schema as sorted lines, without what always differs between two databases. */
export async function schemaOf(db: Kysely<any>): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    SELECT format('%s.%s column %s %s %s %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE n.nspname IN ('public', 'engine', 'auth') AND c.relkind = 'r'
    UNION ALL SELECT format('%s constraint %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'auth'))
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'engine')
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p
      WHERE pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'auth', 'engine', 'private'))
    UNION ALL SELECT format('%s policy %s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check) FROM pg_policies
    UNION ALL SELECT format('%s rls %s', relname, relrowsecurity) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    UNION ALL SELECT format('%s granted %s', oid::regclass, relacl) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    ORDER BY 1`.execute(db);
  return rows.map(({ line }) => line);
}

const id = (kind: string, number: number) =>
  `'${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}'`;

/** Two users with bookings, three without, and at least one row in each of the 36 tables. */
export const platform = `
INSERT INTO auth.users (id, email) SELECT ('a0000000-0000-4000-8000-00000000000' || n)::uuid, 'p' || n || '@people.test'
  FROM generate_series(1, 5) n;
INSERT INTO profiles (id, email, role, credits, subscription_tier, subscription_status) VALUES
  (${id('a', 1)}, 'p1@people.test', 'owner', 10, 'premium', 'active'),
  (${id('a', 2)}, 'p2@people.test', 'user', 75, NULL, NULL),
  (${id('a', 3)}, 'p3@people.test', NULL, 0, 'light', 'expired'),
  (${id('a', 4)}, 'p4@people.test', 'admin', 30, NULL, 'canceled'),
  (${id('a', 5)}, 'p5@people.test', 'user', 40, NULL, NULL);
INSERT INTO organizations (id, name, owner_id, plan) VALUES (${id('0', 1)}, 'Moonfold', ${id('a', 1)}, 'team');
INSERT INTO organization_members (organization_id, user_id, role) VALUES
  (${id('0', 1)}, ${id('a', 1)}, 'owner'), (${id('0', 1)}, ${id('a', 2)}, NULL);
INSERT INTO user_sessions (user_id, token, expires_at) VALUES (${id('a', 1)}, 'raw', now() + interval '1 day');
INSERT INTO user_activity_log (user_id, action_type, details) VALUES (${id('a', 2)}, 'login', '{"from": "web"}');

-- One transaction each, so one created_at; the id of what came first is the greater one.
INSERT INTO credits (id, user_id, amount, type, balance_after, created_at) VALUES
  (${id('c', 9)}, ${id('a', 1)}, 100, 'purchase', 100, '2024-11-01Z'),
  (${id('c', 1)}, ${id('a', 1)}, -90, 'usage', 10, '2024-11-01Z'),
  (${id('c', 2)}, ${id('a', 2)}, 50, 'bonus', 50, '2024-11-02Z'),
  -- A cycle of bookings beside the others, which only one order of the ids follows correctly.
  (${id('c', 3)}, ${id('a', 2)}, 25, 'refund', 75, '2024-11-03Z'),
  (${id('c', 4)}, ${id('a', 2)}, -20, 'usage', 30, '2024-11-03Z'),
  (${id('c', 5)}, ${id('a', 2)}, 20, 'refund', 50, '2024-11-03Z'),
  -- Began first and was written last: created_at is the start of a transaction.
  (${id('c', 6)}, ${id('a', 4)}, 20, 'bonus', 30, '2024-11-04 10:00Z'),
  (${id('c', 7)}, ${id('a', 4)}, 10, 'bonus', 10, '2024-11-04 10:01Z'),
  (${id('c', 8)}, ${id('a', 5)}, 40, 'purchase', 40, NULL);
INSERT INTO transactions (user_id, provider, provider_transaction_id, type, amount_cents, status, credits_granted) VALUES
  (${id('a', 1)}, 'stripe', 'pi_1', 'purchase', 900, 'completed', 100),
  (${id('a', 1)}, 'paypal', NULL, 'subscription', 500, 'pending', NULL);
INSERT INTO subscriptions (user_id, provider, provider_subscription_id, tier, status) VALUES
  (${id('a', 1)}, 'stripe', 'sub_1', 'premium', 'past_due');

INSERT INTO app_catalog (id, slug, name, category, credit_cost, status) VALUES (${id('1', 1)}, 'logo', 'Logo', 'design', 5, 'beta');
INSERT INTO app_usage (user_id, app_id, credits_used, success) VALUES (${id('a', 1)}, ${id('1', 1)}, 5, true);
INSERT INTO tools_catalog (id, app_id, slug, name, credit_cost) VALUES (${id('2', 1)}, ${id('1', 1)}, 'svg', 'SVG', 1);
INSERT INTO tools_usage (user_id, tool_id, credits_used) VALUES (${id('a', 1)}, ${id('2', 1)}, 1);
INSERT INTO tools_results (user_id, tool_id, output_data) VALUES (${id('a', 1)}, ${id('2', 1)}, '[]');
INSERT INTO api_logs (endpoint, method, status_code, ip_address) VALUES ('/v1/logo', 'GET', 200, '192.0.2.1');
INSERT INTO page_views (user_id, page_path) VALUES (NULL, '/');
INSERT INTO error_logs (error_type, error_message) VALUES ('TypeError', 'x is undefined');

INSERT INTO bots (id, name, display_name, schedule_cron, api_endpoint, status, next_execution_at, total_runs, successful_runs,
                  failed_runs, updated_at) VALUES
  (${id('b', 1)}, 'sentinel', 'Sentinel', '*/5 * * * *', '/api/bots/sentinel', 'active', '2024-11-20Z', 3, 1, 2, '2024-11-20Z'),
  (${id('b', 2)}, 'janitor', 'Janitor', '0 3 * * *', '/api/bots/janitor', 'paused', NULL, 0, 0, 0, '2024-11-20Z');
INSERT INTO bot_executions (id, bot_id, status, started_at, completed_at, execution_time_ms, issues_found, error_message, created_at) VALUES
  (${id('d', 1)}, ${id('b', 1)}, 'success', '2024-11-20 10:00Z', '2024-11-20 10:01Z', 60000, 2, NULL, '2024-11-20 10:01Z'),
  (${id('d', 2)}, ${id('b', 1)}, 'failed', '2024-11-20 10:05Z', '2024-11-20 10:06Z', 60000, 0, 'no answer', NULL),
  -- The same instant twice: not a slot.
  (${id('d', 3)}, ${id('b', 1)}, 'timeout', '2024-11-20 10:05Z', '2024-11-20 10:06Z', 60000, 0, NULL, '2024-11-20 10:04Z');
INSERT INTO bot_findings (id, bot_id, execution_id, severity, category, title, affected_component, detected_at, resolved_at, resolution_method) VALUES
  (${id('e', 1)}, ${id('b', 1)}, ${id('d', 1)}, 'critical', 'api', 'Logo is down', 'logo', '2024-11-20 10:01Z', NULL, NULL),
  (${id('e', 2)}, ${id('b', 1)}, ${id('d', 1)}, 'critical', 'api', 'Logo is down', 'logo', '2024-11-20 10:01Z', NULL, NULL),
  (${id('e', 3)}, ${id('b', 1)}, NULL, 'low', 'api', 'Slow', NULL, NULL, '2024-11-21Z', 'manual'),
  (${id('e', 4)}, ${id('b', 2)}, NULL, 'info', 'disk', 'Full', 'disk', '2024-11-19Z', '2024-11-20Z', 'auto-fixed');
INSERT INTO bot_actions (id, bot_id, finding_id, action_type, action_description, success, error_message, taken_at) VALUES
  (${id('f', 1)}, ${id('b', 1)}, ${id('e', 1)}, 'restart', 'Restarted it', false, 'no answer', '2024-11-20 10:02Z'),
  (${id('f', 2)}, ${id('b', 2)}, ${id('e', 4)}, 'clean', 'Emptied it', true, NULL, '2024-11-19Z'),
  (${id('f', 3)}, ${id('b', 2)}, NULL, 'clean', 'Emptied it', true, NULL, NULL);
INSERT INTO bot_tickets (id, bot_id, finding_id, severity, title, description, status, assigned_to, resolved_at, resolution_notes, created_at, updated_at) VALUES
  (${id('9', 1)}, ${id('b', 1)}, ${id('e', 1)}, 'critical', 'Logo is down', 'It does not answer', 'assigned', 'javari', NULL, NULL, '2024-11-20Z', '2024-11-20Z'),
  (${id('9', 2)}, ${id('b', 1)}, ${id('e', 2)}, 'critical', 'Logo is down', 'It does not answer', 'open', NULL, NULL, NULL, '2024-11-20Z', '2024-11-20Z'),
  (${id('9', 3)}, ${id('b', 1)}, NULL, 'low', 'By hand', 'Please look', 'open', NULL, NULL, NULL, '2024-11-20Z', '2024-11-20Z'),
  (${id('9', 4)}, ${id('b', 1)}, ${id('e', 1)}, 'high', 'An earlier one', 'Gone', 'resolved', 'ann', '2024-11-19Z', 'restarted', '2024-11-18Z', '2024-11-19Z'),
  (${id('9', 5)}, ${id('b', 2)}, ${id('e', 4)}, 'info', 'Full', 'Gone', 'closed', NULL, '2024-11-20Z', NULL, '2024-11-19Z', '2024-11-20Z');
INSERT INTO bot_knowledge (id, category, issue_pattern, solution, success_rate, times_applied, times_successful, updated_at) VALUES
  (${id('8', 1)}, 'api', 'is down', 'Restart it.', 50.00, 2, 1, '2024-11-20Z'),
  (${id('8', 2)}, 'api', 'is down', 'Ask Ann.', 0, 0, 0, '2024-11-20Z');

INSERT INTO javari_projects (id, user_id, name, parent_project_id, status) VALUES
  (${id('3', 1)}, ${id('a', 1)}, 'Harbour', NULL, 'active'), (${id('3', 2)}, ${id('a', 1)}, 'Crane', ${id('3', 1)}, 'archived');
INSERT INTO javari_conversations (user_id, project_id, provider, model, messages) VALUES (${id('a', 1)}, ${id('3', 1)}, 'anthropic', 'm', '[]');
INSERT INTO javari_credentials (user_id, service, encrypted_credentials, encryption_key_id) VALUES (${id('a', 1)}, 'github', 'x', 'k');
INSERT INTO javari_learning (user_id, conversation_type) VALUES (${id('a', 1)}, 'chat');
INSERT INTO javari_usage_stats (user_id, provider, model, success) VALUES (${id('a', 1)}, 'openai', 'm', true);

INSERT INTO games_catalog (id, slug, name, category) VALUES (${id('4', 1)}, 'chess', 'Chess', 'board');
INSERT INTO game_sessions (user_id, game_id, started_at, score) VALUES (${id('a', 1)}, ${id('4', 1)}, now(), 9);
INSERT INTO game_leaderboards (game_id, user_id, score, rank, achieved_at) VALUES (${id('4', 1)}, ${id('a', 1)}, 9, 7, now());

INSERT INTO avatars (id, user_id, name, appearance) VALUES (${id('5', 1)}, ${id('a', 1)}, 'Ada', '{}');
INSERT INTO virtual_spaces (id, name, type, owner_id) VALUES (${id('6', 1)}, 'Pier', 'public', ${id('a', 1)});
INSERT INTO space_visits (avatar_id, space_id, entered_at) VALUES (${id('5', 1)}, ${id('6', 1)}, now());
INSERT INTO first_responders (user_id, role) VALUES (${id('a', 2)}, 'ems');
INSERT INTO support_groups (id, name, module, max_members) VALUES (${id('7', 1)}, 'Calm', 'haven', 1);
INSERT INTO group_members (group_id, user_id, role) VALUES (${id('7', 1)}, ${id('a', 2)}, 'admin');
`;

/** Every documented value of every row, by table; what the engine adds is left out. */
export async function valuesOf(
  db: Kysely<any>,
  columns: Map<string, string[]>,
): Promise<Record<string, unknown[]>> {
  const values: Record<string, unknown[]> = {};
  for (const [table, of] of columns) {
    const list = of.map((column) => `t.${column}::text`).join(', ');
    const { rows } = await sql
      .raw<{ row: unknown }>(`SELECT jsonb_build_array(${list}) AS row FROM ${table} t ORDER BY id`)
      .execute(db);
    values[table] = rows.map(({ row }) => row);
  }
  return values;
}

/** The columns of every table in `public`. */
export async function columnsOf(db: Kysely<any>): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ name: string; columns: string[] }>`
    SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1 ORDER BY 1`.execute(
    db,
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** Returns the differences that the refusal names; fails if the migration is not refused. */
export async function differencesOf(
  db: Kysely<any>,
  options: MigrateOptions = {},
): Promise<string[]> {
  const refused = await migrateToLatest(db, options).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SchemaDiffersError);
  return (refused as SchemaDiffersError).differences;
}

/** Rows that break a rule of the ledger; the guards keep this empty. */
export async function wrongLedgers(db: Kysely<any>): Promise<unknown[]> {
  const { rows } = await sql`
    WITH chain AS (
      SELECT user_id, balance_after - amount - lag(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY seq) AS gap
      FROM credits)
    SELECT p.id FROM profiles p
    WHERE p.credits IS DISTINCT FROM get_user_credits(p.id)
      OR EXISTS (SELECT FROM chain c WHERE c.user_id = p.id AND gap <> 0)`.execute(db);
  return rows;
}
