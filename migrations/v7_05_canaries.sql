-- A canary proves that runs are carried out: it passes through the same parts as a run, but appears in no table of runs,
-- findings or figures. To start one, a process inserts a row; each part through which it passes then sets its time.
-- After a minute no process waits for it any more, and a scheduler removes the row and its entry in the queue.
CREATE TABLE engine.canaries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  requested_at timestamptz NOT NULL DEFAULT engine.now(),
  -- when a scheduler claimed it, in the tick that claims due bots
  claimed_at timestamptz,
  claimed_by text,
  -- when its entry was put in the queue
  queued_at timestamptz,
  -- when a worker took the entry
  started_at timestamptz,
  worker text,
  -- when a child process of that worker had done its task
  answered_at timestamptz,
  -- when the result was written, with the connections and statements that record runs
  recorded_at timestamptz,
  -- what failed in the part through which it did not pass
  error text
);
REVOKE ALL ON engine.canaries FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.canaries TO service_role;

-- queue: the address, without a password, of the queue in which the process puts runs and from which it takes them.
-- NULL: its version does not know canaries. places: how many runs it carries out at once; NULL if it carries out none.
ALTER TABLE engine.nodes ADD COLUMN queue text, ADD COLUMN places int;
