-- Proof that runs move: a canary takes the way of a run, and no table of runs, findings or figures knows of
-- it. Who asks for one inserts a row; each part that it gets through writes when. A row is kept for a minute:
-- after that no process waits for it, and a scheduler removes it together with its entry of the queue.
CREATE TABLE engine.canaries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  requested_at timestamptz NOT NULL DEFAULT engine.now(),
  -- a scheduler has claimed it, in the tick that claims due bots
  claimed_at timestamptz,
  claimed_by text,
  -- its entry is in the queue
  queued_at timestamptz,
  -- a worker has taken the entry
  started_at timestamptz,
  worker text,
  -- a child process of that worker has done its task
  answered_at timestamptz,
  -- written with the connections and statements that record runs
  recorded_at timestamptz,
  -- what went wrong in the part that it did not get through
  error text
);
REVOKE ALL ON engine.canaries FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.canaries TO service_role;

-- queue: where the process queues runs and takes them from, without a password. NULL: it is of a version that
-- knows no canaries. places: runs that it carries at once; NULL where it carries none.
ALTER TABLE engine.nodes ADD COLUMN queue text, ADD COLUMN places int;
