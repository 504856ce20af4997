-- The bot oracle reads what users did, and which sessions began, within the last hour.
CREATE INDEX IF NOT EXISTS idx_activity_created ON user_activity_log (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_sessions_created ON user_sessions (created_at DESC);
