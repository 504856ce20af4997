-- How far a run is, as its checks say while they run. It is not a part of the run's record: a run that has ended shows no progress.
CREATE TABLE engine.run_progress (
  -- No foreign key: an insert would wait for a remedy that has locked the run's row, and the worker could not renew the leases of its
  -- other runs meanwhile. The job tidy removes old rows.
  execution_id uuid PRIMARY KEY,
  fence bigint NOT NULL,
  check_name text NOT NULL,
  share double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
  sentence text,
  told_at timestamptz NOT NULL DEFAULT engine.now()
);
REVOKE ALL ON engine.run_progress FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.run_progress TO service_role;
SELECT engine.let_checks_read();
