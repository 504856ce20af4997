/** Rows as the engine would have written them. */
import { randomUUID } from 'node:crypto';
import { sql, type InsertObject } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';

type Values<Table extends keyof Database> = Partial<InsertObject<Database, Table>>;

export const ago = (minutes: number) => sql<Date>`engine.now() - make_interval(mins => ${minutes})`;

export async function insertBot(db: Db, name: string, values: Values<'bots'> = {}) {
  const { id } = await db
    .insertInto('bots')
    .values({
      name,
      display_name: name,
      schedule_cron: '*/5 * * * *',
      api_endpoint: '/api/bots/janitor',
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export async function insertRun(
  db: Db,
  botId: string,
  minutes: number,
  values: Values<'bot_executions'> = {},
) {
  const { id } = await db
    .insertInto('bot_executions')
    .values({
      bot_id: botId,
      status: 'success',
      trigger: 'manual',
      started_at: ago(minutes),
      queued_at: ago(minutes),
      completed_at: ago(minutes),
      execution_time_ms: 40,
      attempt: 1,
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export async function insertFinding(
  db: Db,
  botId: string,
  title: string,
  values: Values<'bot_findings'> = {},
) {
  const { id } = await db
    .insertInto('bot_findings')
    .values({
      bot_id: botId,
      severity: 'high',
      category: 'api',
      title,
      affected_component: '/v1',
      check_name: 'errors',
      component_key: title,
      fingerprint: randomUUID(),
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** An open ticket; returns its number. */
export async function insertTicket(
  db: Db,
  botId: string,
  title: string,
  values: Values<'bot_tickets'> = {},
) {
  const { number } = await db
    .insertInto('bot_tickets')
    .values({
      bot_id: botId,
      severity: 'high',
      title,
      description: title,
      fingerprint: randomUUID(),
      ...values,
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  return `T-${number}`;
}

/** A process of the engine, alive or silent. */
export const insertNode = (db: Db, role: string, silentSeconds = 0, queue: string | null = null) =>
  db
    .insertInto('engine.nodes')
    .values({
      id: randomUUID(),
      role,
      host: 'elsewhere',
      pid: 1,
      queue,
      started_at: ago(60),
      heartbeat_at: sql<Date>`engine.now() - make_interval(secs => ${silentSeconds})`,
    })
    .execute();
