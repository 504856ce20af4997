CREATE INDEX idx_sessions_expires ON user_sessions (expires_at);
