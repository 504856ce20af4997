import { sql } from 'kysely';
import type { RetainedTable } from '../retained-table.ts';

/** As `removeOldMessages` (src/data/notify/old-messages.ts) removes them. */
export const messages: RetainedTable = {
  table: 'bot_notifications',
  age: 'messages_keep_days',
  isPlatforms: false,
  time: { column: 'created_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  figures: null,
  removedByJob: 'tidy',
  stays: [
    { why: 'waits to be sent', when: sql`t.status = 'pending'` },
    {
      why: 'is about a ticket that is not closed',
      when: sql`EXISTS (SELECT FROM bot_tickets k WHERE k.id = t.ticket_id AND k.status <> 'closed')`,
    },
    {
      why: 'stands for messages that stay',
      when: sql`t.ticket_id IS NULL AND EXISTS (SELECT FROM bot_notifications m WHERE m.superseded_by = t.id)`,
    },
  ],
};
