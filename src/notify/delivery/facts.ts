/** What a message says, read when it is sent: the ticket as it is now. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { pending } from '../../data/bots/pending-tickets.ts';
import { severities, type Severity } from '../../ground/severity.ts';
import type { BegunMessage } from '../../transitions/notifications/begin.ts';
import { storedReport } from '../../data/report/stored-report.ts';
import type { Report } from '../../report/report.ts';
import type { EventFacts, GroupMessage, Message, ReportMessage, TicketFacts } from '../message.ts';
import { sentenceOf } from './sentence.ts';

/** How many tickets a message about many tickets names. */
const maxNamed = 10;

const columns = sql`
  t.id, t.number::text AS number, t.title, t.description, t.severity, t.status, coalesce(b.name, 'roundsman') AS bot,
  t.metadata ->> 'component' AS component, f.category, t.occurrences, t.assigned_to, t.acknowledged_by, t.acknowledged_at,
  t.respond_by, coalesce(t.created_at, engine.now()) AS created_at, t.resolved_at, t.resolved_by, t.resolution_notes`;

const tables = sql`bot_tickets t LEFT JOIN bots b ON b.id = t.bot_id LEFT JOIN bot_findings f ON f.id = t.finding_id`;

export async function ticketFacts(
  db: Kysely<Database>,
  id: string,
): Promise<TicketFacts | undefined> {
  const { rows } =
    await sql<TicketFacts>`SELECT ${columns} FROM ${tables} WHERE t.id = ${id}`.execute(db);
  return rows[0];
}

/** These events as people are told of them, the oldest first. */
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

/** The message as it is sent now; null if its ticket, or its report, is gone. */
export async function messageOf(
  db: Kysely<Database>,
  { id, repeats, kind, ticket_id, report_due_at, events }: BegunMessage,
): Promise<Message | null> {
  if (kind === 'group') return { id, repeats, kind, ...(await groupFacts(db, id)) };
  if (report_due_at !== null) return reportMessage(db, report_due_at, { id, repeats });
  const ticket = ticket_id === null ? undefined : await ticketFacts(db, ticket_id);
  return ticket
    ? { id, repeats, kind: 'ticket', ticket, events: await eventFacts(db, events) }
    : null;
}

async function reportMessage(
  db: Kysely<Database>,
  dueAt: Date,
  message: { id: string; repeats: number },
): Promise<ReportMessage | null> {
  const row = await storedReport(db, dueAt);
  return row
    ? {
        ...message,
        kind: 'report',
        day: row.day,
        due_at: row.due_at,
        report: row.report as unknown as Report,
      }
    : null;
}

/** The tickets whose messages the group replaces. */
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
    SELECT ${columns} FROM ${tables} WHERE t.id IN ${members}
    ORDER BY NOT ${isPending}, array_position(${[...severities]}::text[], t.severity), t.number LIMIT ${maxNamed}`.execute(
    db,
  );
  return {
    count: rows.reduce((sum, row) => sum + row.count, 0),
    tickets,
    pending: Object.fromEntries(rows.map((row) => [row.severity, row.pending])),
  };
}

/**
 * The references of the ticket's first and newest message that the receiver has, also if it has only a part of one. They are in
 * the order of arrival: times may go back with the clock, and a message that failed may be sent again after newer ones.
 */
export async function sentBefore(
  db: Kysely<Database>,
  channel: string,
  ticket: string,
): Promise<{ first: string; last: string } | null> {
  const { rows } = await sql<{ first: string | null; last: string | null }>`
    SELECT (array_agg(reference ORDER BY sent_order NULLS FIRST, position))[1] AS first,
           (array_agg(reference ORDER BY sent_order DESC NULLS LAST, position DESC))[1] AS last
    FROM bot_notifications
    WHERE ticket_id = ${ticket} AND channel = ${channel} AND reference IS NOT NULL`.execute(db);
  const { first, last } = rows[0]!;
  return first !== null && last !== null ? { first, last } : null;
}
