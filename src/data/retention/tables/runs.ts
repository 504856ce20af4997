import { sql } from 'kysely';
import { referredBy, type RetainedTable } from '../retained-table.ts';

/** So many of a bot's newest runs stay, however old they are: a bot that runs once a year has one in a year. */
const newest = 10;

/** Runs that have ended, once nothing refers to them: the document's cascade would take findings and tickets along. */
export const runs: RetainedTable = {
  table: 'bot_executions',
  age: 'runs_keep_days',
  isPlatforms: false,
  time: { column: 'completed_at', type: 'timestamptz' },
  key: { column: 'id', type: 'uuid' },
  figures: 'bot',
  stays: [
    referredBy('found a problem whose finding stays', 'bot_findings', 'execution_id', 'id'),
    referredBy('has a heal', 'bot_actions', 'execution_id', 'id'),
    referredBy('has a decision', 'bot_decisions', 'execution_id', 'id'),
    {
      why: 'is one of the newest ten of its bot',
      when: sql`t.bot_id IS NOT NULL AND t.started_at >= coalesce((SELECT n.started_at FROM bot_executions n WHERE n.bot_id = t.bot_id
        ORDER BY n.started_at DESC OFFSET ${newest - 1}::int LIMIT 1), '-infinity')`,
    },
  ],
};
