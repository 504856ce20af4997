import { referredBy, type RetainedTable } from '../retained-table.ts';

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
    referredBy('has a ticket', 'bot_tickets', 'finding_id', 'id'),
    referredBy('has a heal', 'bot_actions', 'finding_id', 'id'),
    referredBy('has a decision', 'bot_decisions', 'finding_id', 'id'),
    referredBy('is the cause of another finding that stays', 'bot_findings', 'suppressed_by', 'id'),
  ],
};
