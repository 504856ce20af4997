import { sql } from 'kysely';
import { referredBy, type RetainedTable } from '../retained-table.ts';

/** Of tickets on which no person did anything; their history goes with them. */
export const tickets: RetainedTable = {
  table: 'bot_tickets',
  age: 'tickets_keep_days',
  isPlatforms: false,
  time: { column: 'resolved_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  figures: 'bot',
  again: true,
  takesAlong: [{ table: 'bot_ticket_events', column: 'ticket_id' }],
  // A ticket has some ten events.
  most: 200,
  stays: [
    { why: 'is not closed', when: sql`t.status <> 'closed'` },
    {
      why: 'a person did something with it',
      when: sql`t.acknowledged_at IS NOT NULL OR t.cure_knowledge_id IS NOT NULL
        OR coalesce(t.resolved_by, 'roundsman') <> 'roundsman'
        OR EXISTS (SELECT FROM bot_ticket_events e WHERE e.ticket_id = t.id AND e.actor NOT IN ('roundsman', 'external'))`,
    },
    {
      why: 'its problem has a pending ticket',
      when: sql`EXISTS (SELECT FROM bot_tickets o WHERE o.fingerprint = t.fingerprint AND o.status IN ('open', 'assigned'))`,
    },
    {
      why: 'is about a finding that is open',
      when: sql`EXISTS (SELECT FROM bot_findings f WHERE f.id = t.finding_id AND f.resolved_at IS NULL)`,
    },
    referredBy('stands for another ticket that stays', 'bot_tickets', 'merged_into', 'id'),
    {
      why: 'has messages',
      when: sql`EXISTS (SELECT FROM bot_notifications n WHERE n.ticket_id = t.id)`,
    },
    {
      why: 'an event of it waits to be told',
      when: sql`EXISTS (SELECT FROM bot_ticket_events e WHERE e.ticket_id = t.id AND e.routed_at IS NULL)`,
    },
    {
      why: 'says that a channel is off',
      when: sql`EXISTS (SELECT FROM engine.channels c WHERE c.ticket_id = t.id)`,
    },
  ],
};
