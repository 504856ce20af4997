-- Retention reads each log from its oldest row on. Rows may share one time, as those of an import do: so the id belongs to the order.
CREATE INDEX IF NOT EXISTS idx_api_logs_age ON api_logs (created_at, id);
CREATE INDEX IF NOT EXISTS idx_page_views_age ON page_views (created_at, id);
CREATE INDEX IF NOT EXISTS idx_error_logs_age ON error_logs (created_at, id);
CREATE INDEX IF NOT EXISTS idx_activity_age ON user_activity_log (created_at, id);
-- These two are the beginnings of those above.
DROP INDEX IF EXISTS idx_api_logs_created, idx_activity_created;

-- On a platform that has users, retention begins a week after this migration.
INSERT INTO engine.settings (key, value)
SELECT 'retention_from', to_jsonb(date_trunc('second', engine.now()) + interval '7 days') WHERE EXISTS (SELECT FROM profiles)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
