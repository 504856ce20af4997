-- Figures by hour and day, which the job rollup adds up from the tables that grow. Baselines and reports read these few rows instead.
CREATE TABLE engine.rollups (
  kind text NOT NULL CHECK (kind IN ('bot', 'endpoint', 'app', 'provider')),
  -- a bot's id, a path of api_logs without its query, an app's id, a provider of javari_usage_stats; '(other)' for those beyond the busiest
  subject text NOT NULL,
  period text NOT NULL CHECK (period IN ('hour', 'day')),
  -- the beginning of the hour or the day, in UTC
  starts_at timestamptz NOT NULL,
  -- runs that ended, requests, uses, calls
  events bigint NOT NULL,
  -- of these: failed runs and those that ran into their deadline; answers 5xx; uses and calls without success
  failures bigint NOT NULL,
  total_ms bigint NOT NULL DEFAULT 0,
  -- credits of apps, cents of providers
  cost numeric NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, period, starts_at, subject),
  CHECK (failures BETWEEN 0 AND events)
);
-- The history of one subject.
CREATE INDEX idx_rollups_subject ON engine.rollups (kind, subject, period, starts_at DESC);

-- How far the job rollup has come.
CREATE TABLE engine.rollup_marks (
  kind text PRIMARY KEY CHECK (kind IN ('bot', 'endpoint', 'app', 'provider')),
  -- all hours that began before this are added up
  done_until timestamptz NOT NULL
);

REVOKE ALL ON engine.rollups, engine.rollup_marks FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.rollups, engine.rollup_marks TO service_role;

-- Percent of the day's slots and runs that ended as success; NULL if there were too few of them.
ALTER TABLE bot_metrics ADD COLUMN health_score int CHECK (health_score BETWEEN 0 AND 100);
SELECT engine.let_checks_read();
