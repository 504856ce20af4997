/** The rows that good values name, and what is good in more than one place. Bob's are foreign to ann. */
import { randomUUID } from 'node:crypto';
import * as data from '../../src/data.ts';
import { addUser } from './people.ts';

const key = Buffer.alloc(32, 7);
export const ring = new data.KeyRing({
  current: 'new',
  keys: { new: key, old: Buffer.alloc(32, 8) },
});
export const the: Record<
  | 'ann'
  | 'bob'
  | 'app'
  | 'game'
  | 'bot'
  | 'run'
  | 'organization'
  | 'group'
  | 'project'
  | 'foreign'
  | 'talk'
  | 'finding'
  | 'ticket'
  | 'entry'
  | 'heal'
  | 'tool'
  | 'result'
  | 'session'
  | 'avatar'
  | 'space'
  | 'responder',
  string
> = {} as never;
export const now = new Date('2026-03-01T12:00:00Z');
export const later = new Date('2026-03-02T12:00:00Z');

/** Plants what the good values name. */
export async function plant(db: data.Db): Promise<void> {
  const add = async (table: string, values: object) => {
    const made = db.insertInto(table as 'bots').values(values as never);
    return (await made.returning('id').executeTakeFirstOrThrow()).id;
  };
  [the.ann, the.bob] = [await addUser(db), await addUser(db, 'bob@people.test')];
  the.app = await add('app_catalog', { slug: 'a', name: 'a', category: 'c', credit_cost: 1 });
  the.game = await add('games_catalog', { slug: 'g', name: 'g', category: 'c' });
  the.bot = await add('bots', {
    name: 'watcher',
    display_name: 'Watcher',
    schedule_cron: '0 * * * *',
    api_endpoint: '/api/bots/watcher',
  });
  the.organization = await add('organizations', { name: 'o', owner_id: the.bob });
  the.group = await add('support_groups', {
    name: 'g',
    module: 'm',
    created_by: the.bob,
    is_private: true,
  });
  the.project = (await data.addProject(db, { user_id: the.ann, name: 'own' })).id;
  the.foreign = (await data.addProject(db, { user_id: the.bob, name: 'foreign' })).id;
  const talk = { user_id: the.bob, provider: 'openai', model: 'm', messages: '[]' };
  the.talk = await add('javari_conversations', talk);
  the.run = (await data.queueManualRun(db, the.bot)).id;
  await data.bookCredits(db, { user_id: the.bob, amount: 10, type: 'bonus' });
  await data.recordPayment(db, {
    ...payment(),
    user_id: the.bob,
    provider_transaction_id: 'known',
  });
  await db.transaction().execute((trx) => data.storeCredential(trx, ring, credential()));
  const use = { user_id: the.bob, app_id: the.app, credits_used: 1, success: true };
  await data.trackAppUsage(db, use);
  await plantBotSection(add);
  await plantPlatform(db, add);
}

/** A finding that stands behind another one and is silenced, with all that the engine writes about it. */
async function plantBotSection(
  add: (table: string, values: object) => Promise<string>,
): Promise<void> {
  const ticket = { bot_id: the.bot, severity: 'high', title: 't' };
  const about = { ...ticket, category: 'c' };
  const parent = { check_name: 'c', component_key: 'host', fingerprint: 'parent' };
  const behind = await add('bot_findings', { ...about, ...parent, affected_component: 'host' });
  const child = { check_name: 'c', component_key: '/a', fingerprint: 'child' };
  the.finding = await add('bot_findings', {
    ...about,
    ...child,
    execution_id: the.run,
    affected_component: '/a',
    suppressed_by: behind,
  });
  the.entry = await add('bot_knowledge', {
    name: 'entry',
    category: 'c',
    issue_pattern: 'is broken',
    solution: 'mend it',
  });
  the.ticket = await add('bot_tickets', {
    ...ticket,
    description: 'd',
    finding_id: the.finding,
    fingerprint: 'child',
    status: 'assigned',
    assigned_to: 'admin',
  });
  the.heal = randomUUID();
  await add('bot_actions', {
    bot_id: the.bot,
    finding_id: the.finding,
    knowledge_id: the.entry,
    heal_id: the.heal,
    fingerprint: 'child',
    action_type: 'mend',
    action_description: 'mends',
    success: false,
    state: 'failed',
    remedy: 'mend',
    risk: 'safe',
    idempotency_key: 'k',
  });
  await add('bot_decisions', {
    bot_id: the.bot,
    finding_id: the.finding,
    knowledge_id: the.entry,
    fingerprint: 'child',
    verdict: 'suggested',
  });
  await add('bot_knowledge_events', { knowledge_id: the.entry, event: 'added', actor: 'admin' });
  await add('bot_silences', {
    component: '/a',
    owner: 'admin',
    reason: 'known',
    expires_at: '9000-01-01T00:00:00Z',
  });
}

/** Ann's, in the sections of the document that nothing above touches. */
async function plantPlatform(
  db: data.Db,
  add: (table: string, values: object) => Promise<string>,
): Promise<void> {
  const user_id = the.ann;
  const created_at = now;
  const tool = { app_id: the.app, slug: 'tool', name: 't', credit_cost: 1 };
  the.tool = await add('tools_catalog', tool);
  the.result = await add('tools_results', {
    user_id,
    tool_id: the.tool,
    output_url: 'https://a.test',
  });
  await add('user_activity_log', { user_id, action_type: 'login' });
  await add('javari_learning', { user_id, conversation_type: 'chat', created_at });
  const use = { provider: 'openai', model: 'm', success: true };
  await add('javari_usage_stats', { user_id, ...use, created_at });
  the.session = (await data.beginGameSession(db, { user_id, game_id: the.game })).id;
  the.avatar = (await data.addAvatar(db, { user_id, name: 'a', appearance: {} })).id;
  the.space = (await data.addSpace(db, { owner_id: user_id, name: 's', type: 'room' })).id;
  await data.enterSpace(db, { user_id, avatar_id: the.avatar, space_id: the.space });
  the.responder = (await data.registerResponder(db, { user_id, role: 'ems' })).id;
}

export const event = () => ({ provider: 'stripe', event_id: 'e', event_at: now }) as const;
export const payment = () =>
  ({
    ...event(),
    user_id: the.ann,
    provider_transaction_id: 'new',
    type: 'purchase',
    status: 'completed',
    amount_cents: 5,
    credits_granted: 5,
  }) as const;
export const credential = () => ({ user_id: the.bob, service: 'github', secret: 'hush' });
