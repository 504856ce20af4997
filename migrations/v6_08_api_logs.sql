CREATE INDEX idx_api_logs_created ON api_logs (created_at DESC);
