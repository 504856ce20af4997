-- Answers 401 of an hour are compared with those of the same hour of seven days; few answers are 401.
CREATE INDEX IF NOT EXISTS idx_api_logs_401 ON api_logs (created_at) WHERE status_code = 401;
