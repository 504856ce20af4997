import { sql } from 'kysely';
import { referredBy, type RetainedTable } from '../retained-table.ts';

/**
 * What is remembered of problems that are gone. Such a row has no time of its own; it is old once the run that wrote it last is gone.
 */
export const memories: RetainedTable = {
  table: 'bot_finding_states',
  age: 'runs_keep_days',
  isPlatforms: false,
  time: null,
  key: { column: 'fingerprint', type: 'text' },
  figures: null,
  stays: [
    referredBy(
      'the run that wrote it last is still there',
      'bot_executions',
      'id',
      'last_execution_id',
    ),
    {
      why: 'its problem has an open finding',
      when: sql`EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint AND f.resolved_at IS NULL)`,
    },
    {
      why: 'its problem has a pending ticket',
      when: sql`EXISTS (SELECT FROM bot_tickets k WHERE k.fingerprint = t.fingerprint AND k.status IN ('open', 'assigned'))`,
    },
    {
      why: 'a heal of its problem is not settled',
      when: sql`EXISTS (SELECT FROM bot_actions a WHERE a.fingerprint = t.fingerprint
        AND (a.state IN ('intent', 'applied', 'unknown') OR a.state = 'verified' AND a.knowledge_id IS NOT NULL))`,
    },
    {
      why: 'a decision about its problem is not settled',
      when: sql`EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = t.fingerprint AND d.outcome = 'pending')`,
    },
    { why: 'an outcome waits for its next results', when: sql`t.watched` },
  ],
};
