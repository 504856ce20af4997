/** Asks PostgreSQL one cell of the matrix: plants the row under test, becomes somebody, tries, undoes all. */
import type { Client } from 'pg';
import { columns, type Cell, type Identity } from './rls-matrix.ts';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const users = {
  own: id(1),
  'other user': id(2),
  member: id(3),
  'group admin': id(4),
  'platform admin': id(5),
  owner: id(6),
  /** signed up, and without a profile yet */
  newcomer: id(7),
};
export const rows = {
  organization: id(10),
  group: id(11),
  app: id(12),
  tool: id(13),
  game: id(14),
  avatar: id(15),
  space: id(16),
  bot: id(17),
  execution: id(18),
  finding: id(19),
  ticket: id(20),
  knowledge: id(21),
};
const time = '2025-11-21T16:13:00Z';

/** What rows under test refer to. Nothing in it belongs to `own` but the avatar. */
export const surroundings = `
  INSERT INTO auth.users (id, email)
    SELECT u.id::uuid, 'u' || right(u.id, 1) || '@people.test'
    FROM unnest('{${Object.values(users).join()}}'::text[]) AS u (id);
  INSERT INTO profiles (id, email, role) VALUES
    ('${users.own}', 'own@people.test', 'user'),
    ('${users['other user']}', 'other@people.test', 'user'),
    ('${users.member}', 'member@people.test', 'user'),
    ('${users['group admin']}', 'group-admin@people.test', 'user'),
    ('${users['platform admin']}', 'admin@people.test', 'admin'),
    ('${users.owner}', 'owner@people.test', 'owner');
  INSERT INTO organizations (id, name) VALUES ('${rows.organization}', 'Org');
  INSERT INTO support_groups (id, name, module) VALUES ('${rows.group}', 'Group', 'ems');
  INSERT INTO organization_members (organization_id, user_id, role) VALUES
    ('${rows.organization}', '${users.member}', 'member'),
    ('${rows.organization}', '${users['group admin']}', 'admin');
  INSERT INTO group_members (group_id, user_id, role) VALUES
    ('${rows.group}', '${users.member}', 'member'),
    ('${rows.group}', '${users['group admin']}', 'admin');
  INSERT INTO app_catalog (id, slug, name, category, credit_cost)
    VALUES ('${rows.app}', 'app', 'App', 'text', 1);
  INSERT INTO tools_catalog (id, app_id, slug, name, credit_cost)
    VALUES ('${rows.tool}', '${rows.app}', 'tool', 'Tool', 1);
  INSERT INTO games_catalog (id, slug, name, category) VALUES ('${rows.game}', 'game', 'Game', 'quiz');
  INSERT INTO avatars (id, user_id, name, appearance) VALUES ('${rows.avatar}', '${users.own}', 'A', '{}');
  INSERT INTO virtual_spaces (id, name, type) VALUES ('${rows.space}', 'Space', 'hall');
  INSERT INTO bots (id, name, display_name, schedule_cron, api_endpoint)
    VALUES ('${rows.bot}', 'bot', 'Bot', '0 0 * * *', 'bot:bot');
  INSERT INTO bot_executions (id, bot_id, status, trigger, started_at)
    VALUES ('${rows.execution}', '${rows.bot}', 'queued', 'manual', '${time}');
  INSERT INTO bot_findings (id, bot_id, execution_id, severity, category, title, check_name,
                            component_key, fingerprint)
    VALUES ('${rows.finding}', '${rows.bot}', '${rows.execution}', 'low', 'c', 't', 'is-well', 'k', 'f');
  INSERT INTO bot_tickets (id, bot_id, finding_id, severity, title, description, fingerprint)
    VALUES ('${rows.ticket}', '${rows.bot}', '${rows.finding}', 'low', 't', 'd', 'f');
  INSERT INTO bot_knowledge (id, name, category, issue_pattern, solution)
    VALUES ('${rows.knowledge}', 'entry', 'c', 'broken', 'mend it');`;

const user = { user_id: users.own };
const bot = { bot_id: rows.bot };

/** A minimal valid row for every table; what is left out gets its default. */
const underTest: Record<string, Record<string, unknown>> = {
  profiles: { id: users.newcomer, email: 'newcomer@people.test' },
  organizations: { name: 'New', owner_id: users.own },
  organization_members: { organization_id: rows.organization, ...user, role: 'member' },
  user_sessions: { ...user, token: 'a'.repeat(64), expires_at: '2100-01-01' },
  user_activity_log: { ...user, action_type: 'login' },
  credits: { ...user, amount: 10, type: 'bonus', balance_after: 10 },
  transactions: {
    ...user,
    provider: 'stripe',
    type: 'purchase',
    amount_cents: 100,
    status: 'pending',
  },
  subscriptions: {
    ...user,
    provider: 'stripe',
    provider_subscription_id: 'sub_1',
    tier: 'light',
    status: 'active',
  },
  app_catalog: { slug: 'new', name: 'New', category: 'text', credit_cost: 1 },
  app_usage: { ...user, app_id: rows.app, credits_used: 1, success: true },
  tools_catalog: { app_id: rows.app, slug: 'new', name: 'New', credit_cost: 1 },
  tools_usage: { ...user, tool_id: rows.tool, credits_used: 1 },
  tools_results: { ...user, tool_id: rows.tool },
  api_logs: { ...user, endpoint: '/', method: 'GET', status_code: 200 },
  page_views: { ...user, page_path: '/' },
  error_logs: { ...user, error_type: 'E', error_message: 'e' },
  bots: { name: 'new', display_name: 'New', schedule_cron: '0 0 * * *', api_endpoint: 'bot:new' },
  bot_executions: { ...bot, status: 'queued', trigger: 'manual', started_at: time },
  bot_findings: {
    ...bot,
    severity: 'low',
    category: 'c',
    title: 't',
    check_name: 'is-well',
    component_key: 'k',
    fingerprint: 'new',
    resolved_at: time,
    resolution_method: 'manual',
  },
  bot_actions: {
    ...bot,
    action_type: 'remedy',
    action_description: 'd',
    success: false,
    heal_id: id(30),
    state: 'aborted',
    fingerprint: 'f',
    remedy: 'r',
    risk: 'safe',
    idempotency_key: 'i',
  },
  bot_tickets: {
    ...bot,
    severity: 'low',
    title: 't',
    description: 'd',
    fingerprint: 'new',
    status: 'resolved',
    resolved_at: time,
    resolution_notes: 'n',
  },
  bot_knowledge: { name: 'new', category: 'c', issue_pattern: 'broken', solution: 'mend it' },
  javari_projects: { ...user, name: 'New' },
  javari_conversations: { ...user, provider: 'openai', model: 'm', messages: '[]' },
  javari_credentials: {
    ...user,
    service: 'github',
    encrypted_credentials: 'v1.sealed',
    encryption_key_id: 'key-1',
  },
  javari_learning: { ...user, conversation_type: 'chat' },
  javari_usage_stats: { ...user, provider: 'openai', model: 'm', success: true },
  games_catalog: { slug: 'new', name: 'New', category: 'quiz' },
  game_sessions: { ...user, game_id: rows.game, started_at: time },
  game_leaderboards: { ...user, game_id: rows.game, score: 1, achieved_at: time },
  avatars: { ...user, name: 'New', appearance: '{}' },
  virtual_spaces: { name: 'New', type: 'hall', owner_id: users.own },
  space_visits: { avatar_id: rows.avatar, space_id: rows.space, entered_at: time },
  first_responders: { ...user, role: 'ems' },
  support_groups: { name: 'New', module: 'ems', created_by: users.own },
  group_members: { group_id: rows.group, ...user, role: 'member' },
  bot_finding_states: {
    fingerprint: 'new',
    ...bot,
    check_name: 'c',
    component_key: 'k',
    last_fence: 1,
  },
  bot_ticket_events: { ticket_id: rows.ticket, event: 'noted', actor: 'a' },
  bot_knowledge_autonomy: { component: 'new', knowledge_id: rows.knowledge, autonomy: 'shadow' },
  bot_knowledge_events: { knowledge_id: rows.knowledge, event: 'e', actor: 'a' },
  bot_decisions: { ...bot, fingerprint: 'f', verdict: 'shadowed' },
  bot_silences: { ...bot, owner: 'o', reason: 'r', expires_at: time },
  bot_maintenance: { owner: 'o', reason: 'r', occurrences: '{[2025-11-21,2025-11-22)}' },
  bot_notifications: { channel: 'log', payload: '{}' },
  bot_metrics: { day: '2025-11-21', ...bot },
};

const keys: Record<string, string> = {
  bot_finding_states: 'fingerprint',
  bot_knowledge_autonomy: 'component',
  bot_metrics: 'day',
};

/** Those who have a part in a row that is an organization or a group itself. */
const members: Record<string, string> = {
  organizations: `INSERT INTO organization_members (organization_id, user_id, role)
    VALUES ($1, '${users.member}', 'member'), ($1, '${users['group admin']}', 'admin')`,
  support_groups: `INSERT INTO group_members (group_id, user_id, role)
    VALUES ($1, '${users.member}', 'member'), ($1, '${users['group admin']}', 'admin')`,
};

/** The row under test; with `more` it has these values besides, whoever may name them. */
export function insertion(table: string, more: Record<string, unknown> = {}): string {
  const row = { ...underTest[table], ...more };
  const named = columns[table]?.insert ?? Object.keys(row);
  const names = [...named, ...Object.keys(more).filter((name) => !named.includes(name))];
  const values = names.map((name) => (name in row ? `'${String(row[name])}'` : 'DEFAULT'));
  return `INSERT INTO ${table} (${names.join()}) VALUES (${values.join()})`;
}

/** Names every column that the identity may name, so that losing any one of them is noticed. */
function attempt({ table, command, identity }: Cell): string {
  const key = keys[table] ?? 'id';
  const own = identity === 'service_role' ? undefined : columns[table]?.[command];
  switch (command) {
    case 'select':
      return `SELECT ${own?.join() ?? '*'} FROM ${table} WHERE ${key} = $1`;
    case 'insert':
      return insertion(table);
    case 'update': {
      const names = columns[table]?.update ?? [Object.keys(underTest[table]!)[0]!];
      return `UPDATE ${table} SET ${names.map((name) => `${name} = ${name}`).join()} WHERE ${key} = $1`;
    }
    case 'delete':
      return `DELETE FROM ${table} WHERE ${key} = $1`;
  }
}

/** Until the end of the transaction or savepoint. */
export function become(role: string, sub?: string): string {
  const claims = JSON.stringify({ role, ...(sub && { sub }) });
  return `SET LOCAL ROLE ${role}; SELECT set_config('request.jwt.claims', '${claims}', true)`;
}

export function becomeIdentity(identity: Identity, table?: string): string {
  if (identity === 'anon' || identity === 'service_role') return become(identity);
  const sub = identity === 'own' && table === 'profiles' ? users.newcomer : users[identity];
  return become('authenticated', sub);
}

/** The code of PostgreSQL for "permission denied" and for a row that a policy refuses. */
export const denied = '42501';

/** Runs `work` in a savepoint that is undone, role and claims included. */
export async function undone<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('SAVEPOINT undone');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK TO undone; RELEASE undone');
  }
}

/**
 * Does the database allow it? Any refusal but a denial is thrown: it would hide the answer. `first` is
 * what the identity does before.
 */
export function isAllowed(client: Client, cell: Cell, first = ''): Promise<boolean> {
  return undone(client, async () => {
    const values: unknown[] = [];
    if (cell.command !== 'insert') {
      const key = keys[cell.table] ?? 'id';
      const planted = await client.query(`${insertion(cell.table)} RETURNING ${key}::text AS key`);
      values.push(planted.rows[0].key);
      const also = members[cell.table];
      if (also) await client.query(also, values);
    }
    await client.query(`${becomeIdentity(cell.identity, cell.table)}; ${first}`);
    try {
      const { rowCount } = await client.query(attempt(cell), values);
      return rowCount === 1;
    } catch (error) {
      if ((error as { code?: string }).code === denied) return false;
      throw error;
    }
  });
}
