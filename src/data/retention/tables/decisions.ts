import { sql } from 'kysely';
import { referredBy, type RetainedTable } from '../retained-table.ts';

export const decisions: RetainedTable = {
  table: 'bot_decisions',
  age: 'decisions_keep_days',
  isPlatforms: false,
  time: { column: 'decided_at', type: 'timestamptz' },
  key: { column: 'id', type: 'bigint' },
  figures: null,
  stays: [
    { why: 'a person answered it', when: sql`t.answer IS NOT NULL` },
    {
      why: 'what becomes of its finding is not known yet',
      when: sql`t.outcome IS NOT DISTINCT FROM 'pending'`,
    },
    {
      why: 'is about a finding that is open',
      when: sql`EXISTS (SELECT FROM bot_findings f WHERE f.id = t.finding_id AND f.resolved_at IS NULL)`,
    },
    referredBy('is about a finding with a ticket', 'bot_tickets', 'finding_id', 'finding_id'),
    {
      // As `figuresOf` reads them (src/heal/judging/figures.ts).
      why: 'counts in what an entry is compared with',
      when: sql`t.outcome IN ('recovered', 'persisted') AND t.settled_at > engine.now() - make_interval(days => (
        SELECT k.half_life_days FROM bot_knowledge k WHERE k.id = t.knowledge_id))`,
    },
  ],
};
