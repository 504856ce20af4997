-- How far a run is, as its checks say while they are under way. It is no part of the record: a run that has ended shows none.
CREATE TABLE engine.run_progress (
  -- No foreign key: it would wait for a remedy that holds the run's row, and the leases of the worker's other runs with it. The job
  -- tidy removes old rows.
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
