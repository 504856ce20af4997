/** What a review reads of a ticket, above all whether the ticket is still as the person sees it. */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { uuid } from '../../database/faults/bad-input.ts';
import type { BotTicketEvents, BotTickets } from '../../database/tables.ts';

/** A mark that stays the same as long as nothing changes that a screen shows of the ticket; null if the ticket is gone. */
export async function ticketMark(db: Db, id: string): Promise<TicketMark | null> {
  const { rows } = await sql<TicketMark>`/* prepared */
    SELECT concat_ws('.', t.version, t.occurrences, e.id, (
             SELECT max(d.id) FROM bot_decisions d WHERE d.fingerprint = t.fingerprint), (
             SELECT f.last_seen_at FROM bot_findings f
             WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint AND f.resolved_at IS NULL), (
             SELECT concat(count(*), max(s.created_at)) FROM bot_silences s WHERE s.ended_at IS NULL)) AS mark,
           coalesce(e.id, 0)::text AS event
    FROM bot_tickets t
    LEFT JOIN LATERAL (SELECT max(e.id) AS id FROM bot_ticket_events e WHERE e.ticket_id = t.id) e ON true
    WHERE t.id = ${uuid('id', id)}::uuid`.execute(db);
  return rows[0] ?? null;
}

export interface TicketMark {
  mark: string;
  /** id of its newest event; 0 if there is none */
  event: string;
}

/** How many of the events that happened meanwhile are shown. */
const maxEvents = 5;

/** What happened to a ticket after an event, the newest first. */
export const eventsAfter = (
  db: Db,
  id: string,
  event: string,
): Promise<Pick<Selectable<BotTicketEvents>, 'event' | 'actor' | 'detail' | 'created_at'>[]> =>
  db
    .selectFrom('bot_ticket_events')
    .select(['event', 'actor', 'detail', 'created_at'])
    .where('ticket_id', '=', uuid('id', id))
    .where('id', '>', event)
    .orderBy('id', 'desc')
    .limit(maxEvents)
    .execute();

/** The newest results of a problem's check, the newest last; true: it failed. */
export async function lastResults(db: Db, fingerprint: string): Promise<boolean[]> {
  const row = await db
    .selectFrom('bot_finding_states')
    .select('states')
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst();
  return row?.states ?? [];
}

/** The newest steps of heals of a problem, the newest first, each with the name of its entry. */
export const stepsOf = (
  db: Db,
  { bot_id, fingerprint }: Pick<Selectable<BotTickets>, 'bot_id' | 'fingerprint'>,
  limit: number,
) =>
  db
    .selectFrom('bot_actions as a')
    .leftJoin('bot_knowledge as k', 'k.id', 'a.knowledge_id')
    .select(['a.id', 'a.state', 'a.action_description', 'a.taken_at', 'k.name'])
    .where('a.bot_id', 'is not distinct from', bot_id)
    .where('a.fingerprint', '=', fingerprint)
    .orderBy('a.taken_at', 'desc')
    .limit(limit)
    .execute();
