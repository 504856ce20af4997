-- The job rollup reads the rows of one hour.
CREATE INDEX IF NOT EXISTS idx_app_usage_created ON app_usage (created_at);
CREATE INDEX IF NOT EXISTS idx_javari_usage_created ON javari_usage_stats (created_at);
