/** Entries of knowledge and their heals, as the engine would have written them. */
import { randomUUID } from 'node:crypto';
import type { InsertObject } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';
import { ago } from './rows.ts';

type Values<Table extends keyof Database> = Partial<InsertObject<Database, Table>>;

/** Returns its id. */
export async function insertKnowledge(
  db: Db,
  name: string,
  values: Values<'bot_knowledge'> = {},
): Promise<string> {
  const { id } = await db
    .insertInto('bot_knowledge')
    .values({
      name,
      category: 'trouble',
      issue_pattern: `trouble with ${name}`,
      solution: 'Look at it.',
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** A heal of one step that came to its end a minute ago. */
export const insertHeal = (
  db: Db,
  bot_id: string,
  knowledge_id: string,
  state: 'held' | 'relapsed' | 'failed' | 'undone' | 'verified' | 'aborted',
  values: Values<'bot_actions'> = {},
) => {
  const id = randomUUID();
  return db
    .insertInto('bot_actions')
    .values({
      bot_id,
      knowledge_id,
      heal_id: id,
      idempotency_key: id,
      fingerprint: id,
      component: '/v1',
      category: 'trouble',
      state,
      success: state === 'held' || state === 'verified',
      action_type: 'session.expire',
      action_description: 'expire sessions',
      remedy: 'session.expire',
      risk: 'safe',
      applied_at: ago(5),
      settled_at: state === 'verified' ? null : ago(1),
      ...values,
    })
    .execute();
};

/** A finding that the entry left alone, and what became of it. */
export const insertUntouched = (
  db: Db,
  bot_id: string,
  knowledge_id: string,
  outcome: 'recovered' | 'persisted',
) =>
  db
    .insertInto('bot_decisions')
    .values({
      bot_id,
      knowledge_id,
      fingerprint: randomUUID(),
      component: '/v1',
      verdict: 'held_out',
      outcome,
      settled_at: ago(1),
    })
    .execute();
