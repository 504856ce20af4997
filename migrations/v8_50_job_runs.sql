-- The engine's own recurring work. The code says what a job does and when. Its row is inserted when the first process
-- starts that knows it. To claim a slot of a job or to start a run of it, a process locks this row.
CREATE TABLE engine.jobs (
  name text PRIMARY KEY,
  -- the newest slot that was claimed, or at first the time when the job became known. Slots after it are owed.
  last_slot_at timestamptz NOT NULL DEFAULT date_trunc('second', engine.now())
    CHECK (last_slot_at BETWEEN '1970-01-01' AND '9000-01-01')
);

-- One row for each run of a job, with the same states, fences and leases as the runs of bots.
CREATE TABLE engine.job_runs (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  job text NOT NULL REFERENCES engine.jobs (name),
  -- the slot; NULL if a person asked for the run
  scheduled_for timestamptz CHECK (scheduled_for BETWEEN '1970-01-01' AND '9000-01-01'),
  payload jsonb NOT NULL DEFAULT '{}',
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'running', 'success', 'failed', 'timeout', 'cancelled', 'skipped')),
  -- Far below the limit of the type: a row whose generation cannot grow would keep all other rows from being queued
  -- again.
  generation int NOT NULL DEFAULT 0 CHECK (generation BETWEEN 0 AND 2000000000),
  attempt int NOT NULL DEFAULT 0 CHECK (attempt BETWEEN 0 AND 1000),
  max_attempts int NOT NULL DEFAULT 3 CHECK (max_attempts BETWEEN 1 AND 1000),
  fence bigint,
  lease_until timestamptz CHECK (lease_until < '9000-01-01'),
  worker text,
  queued_at timestamptz NOT NULL DEFAULT engine.now(),
  run_after timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  cancel_requested_at timestamptz,
  reason text,
  error_message text,
  -- what the job returned; for missed slots, how many the row stands for, and the last of them
  figures jsonb,
  CONSTRAINT job_runs_running_check CHECK
    (status <> 'running' OR (fence IS NOT NULL AND lease_until IS NOT NULL AND worker IS NOT NULL)),
  CONSTRAINT job_runs_completed_check CHECK ((completed_at IS NULL) = (status IN ('queued', 'running')))
);
CREATE UNIQUE INDEX idx_job_runs_slot ON engine.job_runs (job, scheduled_for) WHERE scheduled_for IS NOT NULL;
CREATE INDEX idx_job_runs_open ON engine.job_runs (job, status) WHERE status IN ('queued', 'running');
CREATE INDEX idx_job_runs_queued ON engine.job_runs (coalesce(run_after, queued_at), id) WHERE status = 'queued';
CREATE INDEX idx_job_runs_running ON engine.job_runs (lease_until) WHERE status = 'running';
CREATE INDEX idx_job_runs_newest ON engine.job_runs (job, queued_at DESC);
CREATE INDEX idx_job_runs_completed ON engine.job_runs (completed_at) WHERE completed_at IS NOT NULL;

REVOKE ALL ON engine.jobs, engine.job_runs FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.jobs, engine.job_runs TO service_role;
SELECT engine.let_checks_read();
