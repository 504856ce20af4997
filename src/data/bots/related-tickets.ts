/**
 * Tickets that help to understand one: earlier ones of its problem, those of its component, and what cured problems of its check.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { isMerged, isPending, type TicketRow } from './bot-tickets.ts';

/** How many tickets of each kind are listed. */
const maxRows = 10;
/** How many of the newest ended tickets of a check are read to find what cures its problems. */
const maxEnded = 200;

/** A row of a list of related tickets. */
export type RelatedTicket = Pick<
  TicketRow,
  | 'number'
  | 'severity'
  | 'title'
  | 'status'
  | 'created_at'
  | 'resolved_at'
  | 'resolved_by'
  | 'resolution_notes'
>;

/** An entry that ended tickets of a check. */
export interface CuringEntry {
  knowledge_id: string;
  name: string;
  tickets: number;
  /** when it ended the newest one of them */
  resolved_at: Date;
}

const columns = [
  'number',
  'severity',
  'title',
  'status',
  'created_at',
  'resolved_at',
  'resolved_by',
  'resolution_notes',
] as const;

/** Other tickets of the same problem, the newest first. */
export const earlierTickets = (
  db: Db,
  { id, bot_id, fingerprint }: TicketRow,
): Promise<RelatedTicket[]> =>
  db
    .selectFrom('bot_tickets')
    .select(columns)
    .where('fingerprint', '=', fingerprint)
    .where('bot_id', 'is not distinct from', bot_id)
    .where('id', '<>', id)
    .orderBy('number', 'desc')
    .limit(maxRows)
    .execute();

/** Pending tickets of other problems of the same component, whichever bot found them, without merged ones. */
export const ticketsOfComponent = (
  db: Db,
  { id, fingerprint, metadata }: TicketRow,
): Promise<RelatedTicket[]> =>
  db
    .selectFrom('bot_tickets')
    .select(columns)
    .where(sql<boolean>`metadata ->> 'component' = ${componentIn(metadata)}::text`)
    .where(isPending())
    .where(sql<boolean>`NOT ${isMerged('bot_tickets')}`)
    .where('id', '<>', id)
    .where('fingerprint', '<>', fingerprint)
    .orderBy('number', 'desc')
    .limit(maxRows)
    .execute();

/**
 * The entries that ended tickets of the same check: those that people named, and those whose heal was verified or held
 * on the ticket's finding. The one that ended most of them first.
 */
export async function curingEntriesOf(
  db: Db,
  { id, bot_id, metadata }: TicketRow,
): Promise<CuringEntry[]> {
  const { rows } = await sql<CuringEntry>`
    SELECT k.id AS knowledge_id, k.name, count(*)::int AS tickets, max(t.resolved_at) AS resolved_at
    FROM (
      SELECT t.finding_id, t.cure_knowledge_id, t.resolved_at FROM bot_tickets t
      WHERE t.bot_id = ${bot_id}::uuid AND t.metadata ->> 'check' = ${textIn(metadata, 'check')}::text
        AND t.status IN ('resolved', 'closed') AND t.id <> ${id}::uuid
      ORDER BY t.resolved_at DESC LIMIT ${maxEnded}::int
    ) t
    JOIN bot_knowledge k ON k.id = coalesce(t.cure_knowledge_id, (
      SELECT a.knowledge_id FROM bot_actions a
      WHERE a.finding_id = t.finding_id AND a.state IN ('verified', 'held') ORDER BY a.applied_at DESC LIMIT 1))
    GROUP BY k.id ORDER BY count(*) DESC, k.name LIMIT ${maxRows}::int`.execute(db);
  return rows;
}

const textIn = (metadata: unknown, key: string): string | null => {
  const value = (metadata as Record<string, unknown> | null)?.[key];
  return typeof value === 'string' ? value : null;
};

/** The component that the ticket was opened about; null when its row does not say. */
export const componentIn = (metadata: unknown): string | null => textIn(metadata, 'component');
