ALTER TABLE bot_executions
  ADD COLUMN scheduled_for timestamptz,
  -- Which slot an old run was for is not known: runs without one are called manual. (Not an UPDATE: the
  -- platform's own triggers would fire.)
  ADD COLUMN trigger text NOT NULL DEFAULT 'manual'
    CHECK (trigger IN ('schedule', 'manual', 'backfill', 'verify')),
  ADD COLUMN generation int NOT NULL DEFAULT 0 CHECK (generation >= 0),
  ADD COLUMN attempt int NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  ADD COLUMN max_attempts int NOT NULL DEFAULT 3 CHECK (max_attempts >= 1),
  ADD COLUMN fence bigint,
  ADD COLUMN lease_until timestamptz,
  ADD COLUMN worker text,
  ADD COLUMN queued_at timestamptz NOT NULL DEFAULT engine.now(),
  ADD COLUMN run_after timestamptz,
  ADD COLUMN cancel_requested_at timestamptz,
  ADD COLUMN cancel_reason text,
  ADD COLUMN reason text,
  ADD CONSTRAINT bot_executions_status_check CHECK
    (status IN ('queued', 'running', 'success', 'failed', 'timeout', 'cancelled', 'skipped')),
  -- running has an owner, a finished run has an end
  ADD CONSTRAINT bot_executions_running_check CHECK
    (status <> 'running' OR (fence IS NOT NULL AND lease_until IS NOT NULL AND worker IS NOT NULL)),
  ADD CONSTRAINT bot_executions_completed_check CHECK
    ((completed_at IS NULL) = (status IN ('queued', 'running'))),
  ADD CONSTRAINT bot_executions_slot_check CHECK
    ((scheduled_for IS NULL) = (trigger IN ('manual', 'verify')));

ALTER TABLE bot_executions ALTER COLUMN trigger SET DEFAULT 'schedule';
-- An old run was queued when it began at the latest.
ALTER TABLE bot_executions ALTER COLUMN queued_at TYPE timestamptz USING least(created_at, started_at);

CREATE UNIQUE INDEX idx_executions_slot ON bot_executions (bot_id, scheduled_for)
  WHERE scheduled_for IS NOT NULL;
-- For rescue, which looks each second for what was lost: it must not read all that waits.
CREATE INDEX idx_executions_queued ON bot_executions (coalesce(run_after, queued_at), id)
  WHERE status = 'queued' AND generation > 0;
CREATE INDEX idx_executions_fresh ON bot_executions (queued_at) WHERE status = 'queued' AND generation = 0;
CREATE INDEX idx_executions_given_up ON bot_executions (id) WHERE status = 'queued' AND cancel_requested_at IS NOT NULL;
CREATE INDEX idx_executions_running ON bot_executions (lease_until) WHERE status = 'running';
CREATE INDEX idx_executions_open ON bot_executions (bot_id, status) WHERE status IN ('queued', 'running');
CREATE INDEX idx_executions_started ON bot_executions (started_at DESC);
CREATE INDEX idx_executions_completed ON bot_executions (completed_at) WHERE completed_at IS NOT NULL;

-- Who wants to end a run whose row somebody holds, as a remedy does for as long as it takes, does not wait for
-- it: whoever carries the run reads this beside the row. (No foreign key: that would wait for the row, too.)
CREATE TABLE engine.cancellations (
  execution_id uuid PRIMARY KEY,
  requested_at timestamptz NOT NULL DEFAULT engine.now(),
  reason text
);

-- A request that is still there when the run is let go, ended or to be tried again, is the row's from then on.
CREATE FUNCTION engine.run_let_go() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked engine.cancellations;
BEGIN
  DELETE FROM engine.cancellations WHERE execution_id = NEW.id RETURNING * INTO asked;
  IF FOUND THEN
    NEW.cancel_requested_at = coalesce(NEW.cancel_requested_at, asked.requested_at);
    NEW.cancel_reason = coalesce(asked.reason, NEW.cancel_reason);
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER run_let_go BEFORE UPDATE OF status ON bot_executions
  FOR EACH ROW WHEN (OLD.status = 'running' AND NEW.status <> 'running')
  EXECUTE FUNCTION engine.run_let_go();
