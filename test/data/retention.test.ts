import { randomUUID } from 'node:crypto';
import { sql, type RawBuilder } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

let db: Db;
beforeEach(async () => {
  ({ db } = await testDatabase());
});

const now = sql<Date>`engine.now()`;

async function bot(): Promise<string> {
  const values = {
    name: `b-${randomUUID()}`,
    display_name: 'B',
    schedule_cron: '@daily',
    api_endpoint: 'bot:b',
  };
  return (await db.insertInto('bots').values(values).returning('id').executeTakeFirstOrThrow()).id;
}

/** An old run with one finding and its ticket, each open or not. */
async function run(
  bot_id: string,
  is: { finding: 'open' | 'resolved'; ticket: 'open' | 'assigned' | 'closed' },
) {
  const execution = {
    bot_id,
    status: 'failed',
    trigger: 'manual',
    started_at: now,
    completed_at: now,
  } as const;
  const { id: execution_id } = await db
    .insertInto('bot_executions')
    .values(execution)
    .returning('id')
    .executeTakeFirstOrThrow();
  const about = { bot_id, severity: 'high', title: 'x', fingerprint: randomUUID() } as const;
  const resolved =
    is.finding === 'open' ? {} : { resolved_at: now, resolution_method: 'cleared' as const };
  const { id: finding_id } = await db
    .insertInto('bot_findings')
    .values({
      ...about,
      ...resolved,
      execution_id,
      category: 'c',
      check_name: 'c',
      component_key: 'k',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { id: ticket_id } = await db
    .insertInto('bot_tickets')
    .values({
      ...about,
      finding_id,
      description: 'd',
      status: is.ticket,
      assigned_to: is.ticket === 'assigned' ? 'ada' : null,
      resolved_at: is.ticket === 'closed' ? now : null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { execution_id, finding_id, ticket_id };
}

const ids = async (table: 'bot_executions' | 'bot_findings' | 'bot_tickets') =>
  (await db.selectFrom(table).select('id').execute()).map(({ id }) => id).toSorted();

test('pruning takes what is done with and passes over what is open', async () => {
  const id = await bot();
  const kept = [
    await run(id, { finding: 'open', ticket: 'open' }),
    await run(id, { finding: 'open', ticket: 'closed' }),
    await run(id, { finding: 'resolved', ticket: 'assigned' }),
    await run(id, { finding: 'resolved', ticket: 'open' }),
  ];
  await run(id, { finding: 'resolved', ticket: 'closed' });
  const { numDeletedRows } = await db.deleteFrom('bot_executions').executeTakeFirst();
  expect(numDeletedRows).toBe(1n);
  expect(await ids('bot_executions')).toEqual(kept.map((one) => one.execution_id).toSorted());
  expect(await ids('bot_findings')).toEqual(kept.map((one) => one.finding_id).toSorted());
  expect(await ids('bot_tickets')).toEqual(kept.map((one) => one.ticket_id).toSorted());
  await sql`UPDATE bot_findings SET resolved_at = now(), resolution_method = 'manual' WHERE resolved_at IS NULL`.execute(
    db,
  );
  await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = now()`.execute(db);
  await db.deleteFrom('bot_executions').execute();
  expect([await ids('bot_executions'), await ids('bot_tickets')]).toEqual([[], []]);
});

test('an open finding or ticket cannot be deleted by itself', async () => {
  const open = await run(await bot(), { finding: 'resolved', ticket: 'assigned' });
  await expect(db.deleteFrom('bot_tickets').execute()).rejects.toThrow('ticket T-1 is assigned');
  await expect(db.deleteFrom('bot_findings').execute()).rejects.toThrow('or its ticket is');
  expect([await ids('bot_findings'), await ids('bot_tickets')]).toEqual([
    [open.finding_id],
    [open.ticket_id],
  ]);
});

test('a ticket that is reopened while its run is pruned stays', async () => {
  const { ticket_id } = await run(await bot(), { finding: 'resolved', ticket: 'closed' });
  let pruned: Promise<string> | undefined;
  await db.transaction().execute(async (reopening) => {
    await sql`UPDATE bot_tickets SET status = 'open', resolved_at = NULL WHERE id = ${ticket_id}`.execute(
      reopening,
    );
    pruned = db
      .deleteFrom('bot_executions')
      .execute()
      .then(
        () => 'pruned',
        (error: Error) => error.message,
      );
    await expect
      .poll(async () => {
        const { rows } = await sql`SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
        return rows.length;
      })
      .toBe(1);
  });
  expect(await pruned).toMatch('ticket T-1 is open');
  await db.deleteFrom('bot_executions').execute();
  expect(await ids('bot_executions')).toHaveLength(1);
  expect(await ids('bot_tickets')).toEqual([ticket_id]);
});

test('a bot with a history is retired by its status; one without may go', async () => {
  const [old, unused] = [await bot(), await bot()];
  await run(old, { finding: 'resolved', ticket: 'closed' });
  const remove = (id: string) => db.deleteFrom('bots').where('id', '=', id).execute();
  await expect(remove(old)).rejects.toThrow('has a history and stays');
  await remove(unused);
  await db.updateTable('bots').set({ status: 'disabled' }).where('id', '=', old).execute();
  expect([await ids('bot_executions'), await ids('bot_tickets')].flat()).toHaveLength(2);
});

const histories: Record<string, (bot: string) => RawBuilder<unknown>> = {
  bot_executions: (
    id,
  ) => sql`INSERT INTO bot_executions (bot_id, status, trigger, started_at, completed_at)
    VALUES (${id}, 'success', 'manual', now(), now())`,
  bot_findings: (
    id,
  ) => sql`INSERT INTO bot_findings (bot_id, severity, category, title, check_name, component_key,
      fingerprint, resolved_at, resolution_method)
    VALUES (${id}, 'low', 'c', 't', 'is-well', 'k', 'f', now(), 'manual')`,
  bot_actions: (
    id,
  ) => sql`INSERT INTO bot_actions (bot_id, action_type, action_description, success, heal_id, state,
      fingerprint, remedy, risk, idempotency_key)
    VALUES (${id}, 'remedy', 'd', false, gen_random_uuid(), 'aborted', 'f', 'r', 'safe', 'i')`,
  bot_tickets: (
    id,
  ) => sql`INSERT INTO bot_tickets (bot_id, severity, title, description, fingerprint, status,
      resolved_at, resolution_notes)
    VALUES (${id}, 'low', 't', 'd', 'f', 'resolved', now(), 'n')`,
  bot_metrics: (id) => sql`INSERT INTO bot_metrics (bot_id, day) VALUES (${id}, '2026-01-01')`,
  bot_decisions: (id) =>
    sql`INSERT INTO bot_decisions (bot_id, fingerprint, verdict) VALUES (${id}, 'f', 'shadowed')`,
};

test.for(Object.entries(histories))(
  'a bot that has nothing but %s keeps it',
  async ([table, add]) => {
    const [id, other] = [await bot(), await bot()];
    await add(id).execute(db);
    await expect(db.deleteFrom('bots').where('id', '=', id).execute()).rejects.toMatchObject({
      constraint: 'bots_keep_history',
      hint: 'set its status to disabled',
    });
    await db.deleteFrom('bots').where('id', '=', other).execute();
    const { rows } = await sql`SELECT bot_id FROM ${sql.table(table)}`.execute(db);
    expect(rows).toEqual([{ bot_id: id }]);
  },
);

test('without the guards the documented cascades take open tickets and history along', async () => {
  const id = await bot();
  await run(id, { finding: 'open', ticket: 'open' });
  await sql`DROP TRIGGER open_run_kept ON bot_executions`.execute(db);
  // One step further down they still hold.
  await expect(db.deleteFrom('bot_executions').execute()).rejects.toThrow('is open');
  await sql`DROP TRIGGER open_finding_kept ON bot_findings`.execute(db);
  await expect(db.deleteFrom('bot_executions').execute()).rejects.toThrow('ticket T-1 is open');
  await sql`DROP TRIGGER open_ticket_kept ON bot_tickets`.execute(db);
  await sql`DROP TRIGGER bot_history_kept ON bots`.execute(db);
  await db.deleteFrom('bots').execute();
  expect(await ids('bot_tickets')).toEqual([]);
});
