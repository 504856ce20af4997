/**
 * What the schema document says in words or leaves to its reader, and a migrated database holds. The
 * lists are written by hand from the document: one taken from the migrations would forget what they forget.
 */
import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../support/database.ts';

let db: Kysely<any>;
beforeAll(async () => {
  ({ db } = await testDatabase());
});

async function rolledBack<T>(work: (trx: Kysely<any>) => Promise<T>): Promise<T> {
  const trx = await db.startTransaction().execute();
  try {
    return await work(trx);
  } finally {
    await trx.rollback().execute();
  }
}

/** What a row needs besides the values that a test is about. */
const needed: Record<string, object> = {
  profiles: { email: 'ada@people.test' },
  organizations: { name: 'Moonfold' },
  organization_members: {},
  credits: { amount: 0 },
  transactions: { provider: 'stripe', type: 'purchase', amount_cents: 900, status: 'pending' },
  subscriptions: {
    provider: 'paypal',
    provider_subscription_id: 'I-1',
    tier: 'light',
    status: 'active',
  },
  javari_projects: { name: 'Harbour' },
  javari_conversations: { provider: 'openai', model: 'm', messages: '[]' },
  javari_credentials: { service: 'github', encrypted_credentials: 'x', encryption_key_id: 'k' },
  bots: { name: 'a', display_name: 'A', schedule_cron: '@daily', api_endpoint: 'bot:a' },
  bot_tickets: { severity: 'low', title: 't', description: 'd', fingerprint: 'f' },
  bot_knowledge: { name: 'a', category: 'c', issue_pattern: 'timeout', solution: 's' },
  app_catalog: { slug: 'a', name: 'A', category: 'c', credit_cost: 1 },
  avatars: { name: 'Ada', appearance: '{}' },
  first_responders: { role: 'ems' },
};

/** One row, in a transaction that is rolled back. */
async function add(trx: Kysely<any>, table: string, values: object): Promise<string> {
  const id = randomUUID();
  const person = table === 'profiles' ? id : randomUUID();
  await sql`INSERT INTO auth.users (id, email) VALUES (${person}, ${`${person}@people.test`})`.execute(
    trx,
  );
  // The ledger takes no booking without an owner.
  if (table === 'credits') {
    await trx.insertInto('profiles').values({ id: person, email: 'owner@people.test' }).execute();
    values = { user_id: person, ...values };
  }
  await trx
    .insertInto(table)
    .values({ id, ...needed[table], ...values })
    .execute();
  return id;
}

describe('updated_at', () => {
  const before = new Date('2000-01-01T00:00:00Z');

  /** What one update makes of a row that was last updated in 2000. */
  const update = (table: string, change: object): Promise<{ updated_at: Date; now: Date }> =>
    rolledBack(async (trx) => {
      const id = await add(trx, table, { updated_at: before });
      return trx
        .updateTable(table)
        .set(change)
        .where('id', '=', id)
        .returning(['updated_at', sql<Date>`now()`.as('now')])
        .executeTakeFirstOrThrow();
    });

  it.each([
    ['profiles', { display_name: 'Ada' }],
    ['organizations', { name: 'Sunfold' }],
    ['transactions', { status: 'completed' }],
    ['subscriptions', { cancel_at_period_end: true }],
    ['javari_projects', { status: 'archived' }],
    ['javari_credentials', { encryption_key_id: 'l' }],
    ['bots', { description: 'd' }],
    ['bot_tickets', { metadata: '{}' }],
    ['bot_knowledge', { solution: 'restart it' }],
    ['app_catalog', { credit_cost: 2 }],
    ['avatars', { is_active: false }],
  ])('of %s moves with an update', async (table, change) => {
    const { updated_at, now } = await update(table, change);
    expect(updated_at).toEqual(now);
  });

  it.each([
    ['bots', 'name', 'b'],
    ['bots', 'display_name', 'B'],
    ['bots', 'description', 'd'],
    ['bots', 'schedule_cron', '@hourly'],
    ['bots', 'api_endpoint', 'bot:b'],
    ['bots', 'status', 'paused'],
    ['bots', 'timezone', 'Europe/Berlin'],
    ['bots', 'config', '{"a": 1}'],
    ['bots', 'catch_up', 'all'],
    ['bots', 'catch_up_limit', 5],
    ['bots', 'grace_seconds', 60],
    ['bots', 'overlap', 'queue'],
    ['bots', 'concurrency', 2],
    ['bots', 'jitter_seconds', 10],
    ['bots', 'timeout_seconds', 10],
    ['bots', 'max_attempts', 1],
    ['bots', 'priority', 1],
    ['bot_knowledge', 'name', 'b'],
    ['bot_knowledge', 'category', 'd'],
    ['bot_knowledge', 'issue_pattern', 'refused'],
    ['bot_knowledge', 'solution', 'restart it'],
    ['bot_knowledge', 'enabled', false],
    ['bot_knowledge', 'autonomy', 'suggest'],
    ['bot_knowledge', 'half_life_days', 30],
  ])('of %s moves with its definition: %s', async (table, column, value) => {
    const { updated_at, now } = await update(table, { [column]: value });
    expect(updated_at).toEqual(now);
  });

  it.each([
    ['bots', 'last_execution_at', before],
    ['bots', 'next_slot_at', before],
    ['bots', 'next_execution_at', before],
    ['bots', 'total_runs', 1],
    ['bots', 'successful_runs', 1],
    ['bots', 'failed_runs', 1],
    ['bots', 'avg_execution_time_ms', 1],
    ['bots', 'checked_version', 1],
    ['bot_knowledge', 'success_rate', 50],
    ['bot_knowledge', 'times_applied', 1],
    ['bot_knowledge', 'times_successful', 1],
    ['bot_knowledge', 'last_used_at', before],
  ])('of %s stays with what runs and heals write: %s', async (table, column, value) => {
    const { updated_at } = await update(table, { [column]: value });
    expect(updated_at).toEqual(before);
  });
});

describe('a foreign key for which the document has no index', () => {
  it.each([
    ['organizations', 'owner_id', 'profiles'],
    ['organization_members', 'user_id', 'profiles'],
    ['bot_findings', 'execution_id', 'bot_executions'],
    ['bot_actions', 'finding_id', 'bot_findings'],
    ['bot_tickets', 'bot_id', 'bots'],
    ['bot_tickets', 'finding_id', 'bot_findings'],
    ['tools_usage', 'tool_id', 'tools_catalog'],
    ['tools_results', 'tool_id', 'tools_catalog'],
    ['game_leaderboards', 'user_id', 'profiles'],
    ['virtual_spaces', 'owner_id', 'profiles'],
    ['space_visits', 'avatar_id', 'avatars'],
    ['first_responders', 'user_id', 'profiles'],
    ['support_groups', 'created_by', 'profiles'],
    ['group_members', 'user_id', 'profiles'],
    ['page_views', 'user_id', 'profiles'],
    ['api_logs', 'user_id', 'profiles'],
    ['error_logs', 'user_id', 'profiles'],
  ])('has one that begins with it: %s.%s', async (table, column, parent) => {
    // A partial index counts for nothing: it may not have the rows that a deleted parent leaves behind.
    const { rows } = await sql<{ covered: boolean }>`
      SELECT EXISTS (
        SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
        WHERE i.indrelid = k.conrelid AND m.amname = 'btree' AND i.indisvalid AND i.indisready
          AND i.indpred IS NULL AND i.indkey[0] = k.conkey[1]
      ) AS covered
      FROM pg_constraint k
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND ARRAY[a.attnum] = k.conkey
      WHERE k.contype = 'f' AND k.conrelid = ${table}::regclass AND a.attname = ${column}
        AND k.confrelid = ${parent}::regclass`.execute(db);
    expect(rows).toEqual([{ covered: true }]);
  });
});

describe('a vocabulary that the document writes in a comment', () => {
  it.each([
    ['profiles', 'role', 'user, admin, owner', 'member'],
    ['profiles', 'subscription_tier', 'light, standard, advanced, premium', 'free'],
    ['profiles', 'subscription_status', 'active, canceled, expired', 'past_due'],
    ['organizations', 'plan', 'free, team, enterprise', 'premium'],
    ['organization_members', 'role', 'owner, admin, member', 'user'],
    ['credits', 'type', 'purchase, usage, refund, bonus', 'subscription'],
    ['transactions', 'provider', 'stripe, paypal', 'paddle'],
    ['transactions', 'type', 'purchase, subscription, refund', 'bonus'],
    ['transactions', 'status', 'pending, completed, failed, refunded', 'canceled'],
    ['subscriptions', 'provider', 'stripe, paypal', 'paddle'],
    ['subscriptions', 'tier', 'light, standard, advanced, premium', 'team'],
    ['subscriptions', 'status', 'active, canceled, expired, past_due', 'cancelled'],
    ['javari_projects', 'status', 'active, archived, completed', 'deleted'],
    ['javari_conversations', 'provider', 'openai, anthropic, google, perplexity', 'mistral'],
    ['app_catalog', 'status', 'active, beta, maintenance, deprecated', 'archived'],
    ['first_responders', 'role', 'firefighter, police, ems, dispatcher', 'nurse'],
  ])(
    'is what a CHECK holds: %s.%s is one of %s, and not %s',
    async (table, column, words, other) => {
      for (const word of words.split(', '))
        await rolledBack((trx) => add(trx, table, { [column]: word }));
      await expect(rolledBack((trx) => add(trx, table, { [column]: other }))).rejects.toMatchObject(
        { code: '23514', constraint: `${table}_${column}_check` },
      );
    },
  );
});
