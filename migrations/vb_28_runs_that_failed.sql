-- Runs that did not succeed are few, and people ask for them (`runs list --status failed`). Without this index, the newest 20 of them
-- were looked for among all runs, the newest first: with 60 days of runs that read 23,000 pages.
CREATE INDEX IF NOT EXISTS idx_executions_unsuccessful ON bot_executions (status, started_at DESC)
  WHERE status IN ('failed', 'timeout', 'cancelled', 'skipped');
