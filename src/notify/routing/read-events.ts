import { sql, type Transaction } from 'kysely';
import { silencesOver, type Silence } from '../../data/bots/bot-silences.ts';
import { maintenanceOverTicket, type Maintenance } from '../../data/bots/bot-maintenance.ts';
import type { Database } from '../../database/connect.ts';
import type { Severity } from '../../ground/severity.ts';
import type { TicketStatus } from '../../data/bots/pending-tickets.ts';
import type { RoutedEvent } from './choose.ts';

export interface UnroutedEvent extends RoutedEvent {
  /** bot_ticket_events.id */
  id: string;
  ticket_id: string;
  status: TicketStatus;
  severity: Severity;
  silences: Silence[];
  /** the windows in force that hold it back */
  maintenance: Maintenance[];
  /** the number of the ticket into which it is merged; null if it is not merged */
  survivor: string | null;
  /** it is about an alarm that had arrived before the database was restored: people may have been told of it then */
  is_past: boolean;
  /** channels through which people were told of the ticket, or are about to be */
  told: string[];
  /** those of them that have a message about it alone */
  own: string[];
}

/**
 * The oldest events that wait to be routed, with the tickets as they are now. An event waits while it has no mark. Its id alone
 * does not say so: the transaction of an event with a lower id may commit later, and the next read finds that event.
 */
export async function readEvents(
  trx: Transaction<Database>,
  maxEvents: number,
): Promise<UnroutedEvent[]> {
  const { rows } = await sql<UnroutedEvent>`
    WITH unrouted AS MATERIALIZED (
      SELECT e.id, e.ticket_id, e.event FROM bot_ticket_events e WHERE e.routed_at IS NULL AND e.unsent_reason IS NULL
      ORDER BY e.id LIMIT ${maxEvents} FOR NO KEY UPDATE
    )
    SELECT e.id, e.event, t.id AS ticket_id, t.status, t.severity, t.assigned_to, f.category,
           coalesce(b.name, 'roundsman') AS bot,
           ${silencesOver({
             bot_id: sql.ref('t.bot_id'),
             component: sql`(t.metadata ->> 'component')`,
             category: sql.ref('f.category'),
             fingerprint: sql.ref('t.fingerprint'),
           })} AS silences,
           ${maintenanceOverTicket('t')} AS maintenance,
           (SELECT s.number::text FROM bot_tickets s WHERE s.id = t.merged_into) AS survivor,
           coalesce(e.event IN ('opened', 'reopened') AND b.api_endpoint LIKE 'in:%'
             -- Both are texts of one form, which sort as their times do.
             AND f.metadata ->> 'received_at' <= (
               SELECT to_char(s.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') FROM engine.settings s WHERE s.key = 'restored_at'
             ), false) AS is_past,
           coalesce(n.told, '{}') AS told, coalesce(n.own, '{}') AS own
    FROM unrouted e JOIN bot_tickets t ON t.id = e.ticket_id
    LEFT JOIN bots b ON b.id = t.bot_id LEFT JOIN bot_findings f ON f.id = t.finding_id
    LEFT JOIN LATERAL (
      SELECT array_agg(DISTINCT m.channel) AS told,
             array_agg(DISTINCT m.channel) FILTER (WHERE m.status = 'sent') AS own
      FROM bot_notifications m LEFT JOIN bot_notifications g ON g.id = m.superseded_by AND g.kind = 'group'
      WHERE m.ticket_id = t.id AND (m.status IN ('pending', 'sent') OR g.status IN ('pending', 'sent'))
    ) n ON true
    ORDER BY e.id`.execute(trx);
  return rows;
}
