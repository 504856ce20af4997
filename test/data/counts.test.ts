import { expect, test } from 'vitest';
import { insertion } from './rls-cell.ts';
import { openSession, tried } from './rls-session.ts';

openSession();

/** What is counted, paid or measured, by hand from the document. */
const counts = {
  organizations: ['credits_pool', 'max_members'],
  support_groups: ['max_members'],
  app_catalog: ['credit_cost'],
  app_usage: ['credits_used', 'execution_time_ms'],
  tools_catalog: ['credit_cost'],
  tools_usage: ['credits_used'],
  games_catalog: ['credit_cost', 'play_count'],
  game_sessions: ['duration_seconds'],
  javari_conversations: ['tokens_used', 'cost_cents'],
  javari_learning: ['message_count', 'tokens_used', 'cost_cents'],
  javari_usage_stats: ['input_tokens', 'output_tokens', 'total_tokens', 'cost_cents'],
  virtual_spaces: ['capacity'],
  space_visits: ['duration_seconds'],
  bots: ['total_runs', 'successful_runs', 'failed_runs'],
};
const columns = Object.entries(counts).flatMap(([table, names]) =>
  names.map((column) => ({ table, column })),
);

test.for(columns)(
  '$table.$column may be nothing, and is never below',
  async ({ table, column }) => {
    expect(await tried('', insertion(table, { [column]: 0 }))).toBe(1);
    expect(await tried('', insertion(table, { [column]: -1 }))).toMatch(
      `violates check constraint "${table}_${column}_check"`,
    );
  },
);
