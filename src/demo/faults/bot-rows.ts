/** Rows of the bots' tables that several faults need: bots that never run, their runs, findings and tickets. */
import { sql, type Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type {
  BotActions,
  BotExecutions,
  BotFindings,
  BotTickets,
  Bots,
} from '../../database/tables.ts';
import { minutesBefore } from '../time.ts';
import { nextId, nextName } from './ids.ts';

/** A bot of its own for each fault, so that several faults do not meet. By default no scheduler plans it. */
export async function plantBot(
  db: Db,
  name: string,
  values: Partial<Insertable<Bots>> = {},
): Promise<string> {
  const { id } = await db
    .insertInto('bots')
    .values({
      name: `${name}-${nextName()}`,
      display_name: name,
      description: 'A fictional bot of a planted fault.',
      schedule_cron: '0 0 1 1 *',
      api_endpoint: '/api/bots/janitor',
      status: 'disabled',
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds runs of a bot, one for each item of `runs`. A value that an item leaves out is that of a success a minute ago. */
export async function plantRuns(
  db: Db,
  bot_id: string,
  now: Date,
  runs: readonly Partial<Insertable<BotExecutions>>[],
): Promise<void> {
  const rows = runs.map((run) => {
    const started_at = run.started_at ?? minutesBefore(now, 1);
    const isOpen = run.status === 'queued' || run.status === 'running';
    return {
      id: nextId(),
      bot_id,
      status: 'success' as const,
      trigger: 'manual' as const,
      started_at,
      queued_at: started_at,
      completed_at: isOpen ? null : started_at,
      execution_time_ms: isOpen ? null : 40,
      checks_performed: isOpen ? 0 : 1,
      generation: 1,
      attempt: run.status === 'queued' || run.status === 'skipped' ? 0 : 1,
      ...(run.status === 'running' && { fence: 1, lease_until: now, worker: 'fiction' }),
      ...run,
    };
  });
  for (let at = 0; at < rows.length; at += 500)
    await db
      .insertInto('bot_executions')
      .values(rows.slice(at, at + 500))
      .execute();
}

export async function plantFinding(
  db: Db,
  bot_id: string,
  values: Partial<Insertable<BotFindings>> = {},
): Promise<{ id: string; fingerprint: string; component: string }> {
  const fingerprint = nextName();
  const component = values.affected_component ?? fingerprint;
  const { id } = await db
    .insertInto('bot_findings')
    .values({
      bot_id,
      severity: 'high',
      category: 'fiction',
      title: `${component} is broken`,
      affected_component: component,
      check_name: 'latency',
      component_key: component,
      fingerprint,
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, fingerprint, component };
}

export async function plantTicket(
  db: Db,
  bot_id: string | null,
  values: Partial<Insertable<BotTickets>> = {},
): Promise<string> {
  const { id } = await db
    .insertInto('bot_tickets')
    .values({
      bot_id,
      severity: 'high',
      title: 'A service was slow',
      description: 'A fictional ticket of a planted fault.',
      status: values.assigned_to ? 'assigned' : 'open',
      fingerprint: nextName(),
      ...values,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** One step of a heal that began so many minutes ago. */
export const healStep = (
  bot_id: string,
  now: Date,
  minutes: number,
  values: Partial<Insertable<BotActions>> = {},
): Insertable<BotActions> => {
  const id = nextId();
  return {
    bot_id,
    action_type: 'fix',
    action_description: 'a fictional heal',
    success: false,
    state: 'failed',
    taken_at: minutesBefore(now, minutes),
    heal_id: id,
    fingerprint: `fiction-${id}`,
    remedy: 'session.expire',
    risk: 'safe',
    idempotency_key: id,
    ...values,
  };
};

/** Adds this channel to those that the setting `notifications` names. */
export const plantChannel = (db: Db, name: string) =>
  sql`
    INSERT INTO engine.settings (key, value)
    VALUES ('notifications', jsonb_build_object('channels', jsonb_build_object(${name}::text, '{"kind":"log"}'::jsonb),
                                                'routes', '[]'::jsonb))
    ON CONFLICT (key) DO UPDATE SET value = jsonb_set(settings.value, ARRAY['channels', ${name}::text], '{"kind":"log"}')`.execute(
    db,
  );
