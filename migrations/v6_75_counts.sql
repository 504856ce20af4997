-- Counts, amounts and measurements are not below zero. NOT VALID: an old platform may have such rows, and they must not
-- stop its migration. New rows are checked.
DO $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT * FROM (VALUES
    ('organizations', 'credits_pool'), ('organizations', 'max_members'), ('support_groups', 'max_members'),
    ('app_catalog', 'credit_cost'), ('app_usage', 'credits_used'), ('app_usage', 'execution_time_ms'),
    ('tools_catalog', 'credit_cost'), ('tools_usage', 'credits_used'),
    ('games_catalog', 'credit_cost'), ('games_catalog', 'play_count'), ('game_sessions', 'duration_seconds'),
    ('javari_conversations', 'tokens_used'), ('javari_conversations', 'cost_cents'),
    ('javari_learning', 'message_count'), ('javari_learning', 'tokens_used'), ('javari_learning', 'cost_cents'),
    ('javari_usage_stats', 'input_tokens'), ('javari_usage_stats', 'output_tokens'),
    ('javari_usage_stats', 'total_tokens'), ('javari_usage_stats', 'cost_cents'),
    ('virtual_spaces', 'capacity'), ('space_visits', 'duration_seconds'),
    ('bots', 'total_runs'), ('bots', 'successful_runs'), ('bots', 'failed_runs')
  ) AS counts (tab, col) LOOP
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (%I >= 0) NOT VALID', c.tab,
                   c.tab || '_' || c.col || '_check', c.col);
  END LOOP;
END
$$;
