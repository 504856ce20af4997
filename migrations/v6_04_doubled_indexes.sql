-- The documented schema uses two index names twice. A database that was made from it has each of them on
-- whichever table came first; app_usage and user_sessions keep theirs, the others get their own.
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
