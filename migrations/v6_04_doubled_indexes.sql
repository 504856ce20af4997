-- The documented schema gives the same name to two indexes, twice. In a database made from it, only the table that was
-- created first has that index. app_usage and user_sessions keep these names; the other two tables get an index with a
-- name of its own.
DO $$
BEGIN
  IF (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass('idx_usage_user')) = 'javari_usage_stats'::regclass THEN
    ALTER INDEX idx_usage_user RENAME TO idx_javari_usage_user;
  END IF;
  IF (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass('idx_sessions_user')) = 'game_sessions'::regclass THEN
    ALTER INDEX idx_sessions_user RENAME TO idx_game_sessions_user;
  END IF;
END
$$;

CREATE INDEX IF NOT EXISTS idx_usage_user ON app_usage (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_javari_usage_user ON javari_usage_stats (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_sessions_user ON user_sessions (user_id);
CREATE INDEX IF NOT EXISTS idx_game_sessions_user ON game_sessions (user_id, started_at DESC);
