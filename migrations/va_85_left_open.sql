-- The janitor asks each day for game sessions and visits that have been open for long; few rows are open.
CREATE INDEX IF NOT EXISTS idx_game_sessions_open ON game_sessions (started_at)
  WHERE ended_at IS NULL AND duration_seconds IS NULL AND completed IS NOT TRUE;
CREATE INDEX IF NOT EXISTS idx_visits_open ON space_visits (entered_at) WHERE exited_at IS NULL;
