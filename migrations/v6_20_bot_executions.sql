ALTER TABLE bot_executions
  ADD COLUMN scheduled_for timestamptz,
  -- Existing rows do not say for which slot their run was, so they become manual runs. The default writes this value
  -- and not an UPDATE, because an UPDATE would fire the platform's own triggers.
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
  -- A run in status running has a worker and a lease. Exactly the finished runs have completed_at.
  ADD CONSTRAINT bot_executions_running_check CHECK
    (status <> 'running' OR (fence IS NOT NULL AND lease_until IS NOT NULL AND worker IS NOT NULL)),
  ADD CONSTRAINT bot_executions_completed_check CHECK
    ((completed_at IS NULL) = (status IN ('queued', 'running'))),
  ADD CONSTRAINT bot_executions_slot_check CHECK
    ((scheduled_for IS NULL) = (trigger IN ('manual', 'verify')));

ALTER TABLE bot_executions ALTER COLUMN trigger SET DEFAULT 'schedule';
-- Existing rows do not say when their run was queued: it was not later than its start. USING writes this value in the
-- existing rows; the type stays as it is.
ALTER TABLE bot_executions ALTER COLUMN queued_at TYPE timestamptz USING least(created_at, started_at);

CREATE UNIQUE INDEX idx_executions_slot ON bot_executions (bot_id, scheduled_for)
  WHERE scheduled_for IS NOT NULL;
-- For rescue, which searches for lost entries each second: it must not read all queued runs.
CREATE INDEX idx_executions_queued ON bot_executions (coalesce(run_after, queued_at), id)
  WHERE status = 'queued' AND generation > 0;
CREATE INDEX idx_executions_fresh ON bot_executions (queued_at) WHERE status = 'queued' AND generation = 0;
CREATE INDEX idx_executions_given_up ON bot_executions (id) WHERE status = 'queued' AND cancel_requested_at IS NOT NULL;
CREATE INDEX idx_executions_running ON bot_executions (lease_until) WHERE status = 'running';
CREATE INDEX idx_executions_open ON bot_executions (bot_id, status) WHERE status IN ('queued', 'running');
CREATE INDEX idx_executions_started ON bot_executions (started_at DESC);
CREATE INDEX idx_executions_completed ON bot_executions (completed_at) WHERE completed_at IS NOT NULL;

-- Requests to cancel runs whose row is locked, as it is while a remedy of the run works. The transaction that requests
-- the cancellation does not wait for the lock: it inserts a row here, and the worker that executes the run reads this
-- table beside the row of the run. There is no foreign key, because its check would wait for the lock, too.
CREATE TABLE engine.cancellations (
  execution_id uuid PRIMARY KEY,
  requested_at timestamptz NOT NULL DEFAULT engine.now(),
  reason text
);

-- Moves a request that is still here into the row of the run when the run leaves status running: because it ended, or
-- because it will be tried again.
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
