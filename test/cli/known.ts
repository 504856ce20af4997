/** What the engine knows, did and decided, as rows. */
import { randomUUID } from 'node:crypto';
import { sql, type InsertObject } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';
import { ago } from './rows.ts';

type Values<Table extends keyof Database> = Partial<InsertObject<Database, Table>>;

export const steps = (...remedies: string[]) =>
  ['steps:', ...remedies.map((remedy) => `  - remedy: ${remedy}`)].join('\n');

export async function insertKnowledge(db: Db, name: string, values: Values<'bot_knowledge'> = {}) {
  const { id } = await db
    .insertInto('bot_knowledge')
    .values({
      name,
      category: 'api',
      issue_pattern: 'pile up',
      solution: steps('session.expire'),
      autonomy: 'suggest',
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

interface About {
  bot: string;
  finding: string;
  knowledge: string;
}

export async function insertDecision(
  db: Db,
  { bot, finding, knowledge }: About,
  values: Values<'bot_decisions'> = {},
) {
  const { id } = await db
    .insertInto('bot_decisions')
    .values({
      bot_id: bot,
      finding_id: finding,
      knowledge_id: knowledge,
      fingerprint: sql<string>`(SELECT fingerprint FROM bot_findings WHERE id = ${finding}::uuid)`,
      component: '/v1',
      category: 'api',
      verdict: 'suggested',
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** A heal of one step, settled so many minutes ago. */
export async function insertAction(
  db: Db,
  bot: string,
  state: 'held' | 'relapsed' | 'verified' | 'failed' | 'intent' | 'unknown' | 'applied' | 'undone',
  minutes: number,
  values: Values<'bot_actions'> = {},
) {
  const { id } = await db
    .insertInto('bot_actions')
    .values({
      bot_id: bot,
      heal_id: randomUUID(),
      idempotency_key: randomUUID(),
      fingerprint: randomUUID(),
      component: '/v1',
      category: 'api',
      action_type: 'session.expire',
      action_description: 'Expire sessions',
      remedy: 'session.expire',
      risk: 'safe',
      state,
      success: state === 'verified' || state === 'held',
      taken_at: ago(minutes),
      applied_at: state === 'intent' ? null : ago(minutes),
      settled_at: ago(minutes),
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
