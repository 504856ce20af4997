import { sql } from 'kysely';
import type { RetainedTable } from '../retained-table.ts';

/** Resolved findings, once nothing refers to them: the document's cascade would take their tickets along. */
export const findings: RetainedTable = {
  table: 'bot_findings',
  age: 'findings_keep_days',
  isPlatforms: false,
  time: { column: 'resolved_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  figures: 'bot',
  again: true,
  stays: [
    {
      why: 'has a ticket',
      when: sql`EXISTS (SELECT FROM bot_tickets k WHERE k.finding_id = t.id)`,
    },
    {
      why: 'has a heal',
      when: sql`EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = t.id)`,
    },
    {
      why: 'has a decision',
      when: sql`EXISTS (SELECT FROM bot_decisions d WHERE d.finding_id = t.id)`,
    },
    {
      why: 'is the cause of another finding that stays',
      when: sql`EXISTS (SELECT FROM bot_findings s WHERE s.suppressed_by = t.id)`,
    },
  ],
};
