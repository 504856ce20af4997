/** Tickets, their events and messages in the database of a test. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';

export const setNotifications = (db: Db, document: object) =>
  sql`INSERT INTO engine.settings (key, value) VALUES ('notifications', ${JSON.stringify(document)}::jsonb)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);

/** One channel `ops` to this receiver, which is told of everything. */
export const toldOps = (host: string, rest: object = {}) => ({
  channels: { ops: { kind: 'webhook', url: `http://${host}/ops`, secret: '{{secret:OPS_KEY}}' } },
  routes: [{ to: ['ops'] }],
  hosts: [host],
  ...rest,
});

interface NewTicket {
  severity?: string;
  title?: string;
  event?: string;
  assigned_to?: string;
}

/** Opens tickets in one transaction, with their event; the newest last. */
export async function openTickets(
  db: Db,
  count: number,
  { severity = 'high', title = 'disk is full', event = 'opened', assigned_to }: NewTicket = {},
): Promise<{ id: string; number: string }[]> {
  const { rows } = await sql<{ id: string; number: string }>`
    WITH made AS (
      INSERT INTO bot_tickets (fingerprint, severity, title, description, status, assigned_to, created_at, updated_at)
      SELECT ${randomUUID()} || n, ${severity}, ${title} || ' ' || n, 'the description',
             CASE WHEN ${assigned_to ?? null}::text IS NULL THEN 'open' ELSE 'assigned' END, ${assigned_to ?? null}, engine.now(), engine.now()
      FROM generate_series(1, ${count}::int) n RETURNING id, number
    ), told AS (
      INSERT INTO bot_ticket_events (ticket_id, event, actor, created_at)
      SELECT id, ${event}, 'roundsman', engine.now() FROM made ORDER BY number
    )
    SELECT id, number::text FROM made ORDER BY number`.execute(db);
  return rows;
}

export const happen = (db: Db, ticket: string, event: string, actor = 'ann', detail: object = {}) =>
  sql`INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
      VALUES (${ticket}, ${event}, ${actor}, ${JSON.stringify(detail)}::jsonb, engine.now())`.execute(
    db,
  );

/** Resolves them in one transaction, with their events. */
export const resolve = (db: Db, ...tickets: string[]) =>
  sql`
    WITH ended AS (
      UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'ann', resolution_notes = 'done'
      WHERE id = ANY (${tickets}::uuid[]) RETURNING id
    )
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail, created_at)
    SELECT id, 'resolved', 'ann', '{"notes": "done"}', engine.now() FROM ended`.execute(db);

export const messages = (db: Db) =>
  db.selectFrom('bot_notifications').selectAll().orderBy('position').execute();

export const events = (db: Db) =>
  db.selectFrom('bot_ticket_events').selectAll().orderBy('id').execute();

/** What waits is due now. */
export const hurry = (db: Db) =>
  sql`UPDATE bot_notifications SET send_after = engine.now() WHERE status = 'pending'`.execute(db);
