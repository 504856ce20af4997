/** What a message says, read when it is sent: the ticket as it is now. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { pending } from '../../data/bots/pending-tickets.ts';
import { severities, type Severity } from '../../ground/severity.ts';
import type { Begun } from '../../transitions/notifications/begin.ts';
import type { EventFacts, GroupMessage, Message, TicketFacts } from '../message.ts';
import { sentenceOf } from './sentence.ts';

/** So many tickets a message about many names. */
const mostNamed = 10;

const columns = sql`
  t.id, t.number::text AS number, t.title, t.description, t.severity, t.status, coalesce(b.name, 'roundsman') AS bot,
  t.metadata ->> 'component' AS component, f.category, t.occurrences, t.assigned_to, t.acknowledged_by, t.acknowledged_at,
  t.respond_by, coalesce(t.created_at, engine.now()) AS created_at, t.resolved_at, t.resolved_by, t.resolution_notes`;

const joined = sql`bot_tickets t LEFT JOIN bots b ON b.id = t.bot_id LEFT JOIN bot_findings f ON f.id = t.finding_id`;

export async function ticketFacts(
  db: Kysely<Database>,
  id: string,
): Promise<TicketFacts | undefined> {
  const { rows } =
    await sql<TicketFacts>`SELECT ${columns} FROM ${joined} WHERE t.id = ${id}`.execute(db);
  return rows[0];
}

/** Those of these events that are told to people, the oldest first. */
export async function eventFacts(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<EventFacts[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('bot_ticket_events')
    .select(['id', 'event', 'actor', 'detail', 'created_at'])
    .where('id', 'in', ids)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    event: row.event,
    actor: row.actor,
    sentence: sentenceOf(row.event, row.actor, row.detail),
    at: row.created_at,
  }));
}

/** Null where its ticket is gone. */
export async function messageOf(
  db: Kysely<Database>,
  { id, repeats, kind, ticket_id, events }: Begun,
): Promise<Message | null> {
  if (kind === 'group') return { id, repeats, kind, ...(await groupFacts(db, id)) };
  const ticket = ticket_id === null ? undefined : await ticketFacts(db, ticket_id);
  return ticket
    ? { id, repeats, kind: 'ticket', ticket, events: await eventFacts(db, events) }
    : null;
}

/** The tickets whose own messages the group stands for. */
async function groupFacts(
  db: Kysely<Database>,
  id: string,
): Promise<Pick<GroupMessage, 'count' | 'tickets' | 'pending'>> {
  const members = sql`(SELECT DISTINCT ticket_id FROM bot_notifications WHERE superseded_by = ${id})`;
  const isPending = sql`(t.status = ANY (${pending}::text[]))`;
  const { rows } = await sql<{ severity: Severity; count: number; pending: number }>`
    SELECT t.severity, count(*)::int AS count, count(*) FILTER (WHERE ${isPending})::int AS pending
    FROM bot_tickets t WHERE t.id IN ${members} GROUP BY t.severity`.execute(db);
  const { rows: tickets } = await sql<TicketFacts>`
    SELECT ${columns} FROM ${joined} WHERE t.id IN ${members}
    ORDER BY NOT ${isPending}, array_position(${[...severities]}::text[], t.severity), t.number LIMIT ${mostNamed}`.execute(
    db,
  );
  return {
    count: rows.reduce((sum, row) => sum + row.count, 0),
    tickets,
    pending: Object.fromEntries(rows.map((row) => [row.severity, row.pending])),
  };
}

/** What the receiver has of the ticket already, messages included of which a part is there. */
export async function sentBefore(
  db: Kysely<Database>,
  channel: string,
  ticket: string,
): Promise<{ first: string; last: string } | null> {
  const { rows } = await sql<{ first: string | null; last: string | null }>`
    SELECT (array_agg(reference ORDER BY coalesce(sent_at, created_at), position))[1] AS first,
           (array_agg(reference ORDER BY coalesce(sent_at, created_at) DESC, position DESC))[1] AS last
    FROM bot_notifications
    WHERE ticket_id = ${ticket} AND channel = ${channel} AND reference IS NOT NULL`.execute(db);
  const { first, last } = rows[0]!;
  return first !== null && last !== null ? { first, last } : null;
}
