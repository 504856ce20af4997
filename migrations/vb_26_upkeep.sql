-- Who asked for a run of a job, and who asked to end it. NULL: it is the run of a slot, or a timer or another job asked for it.
ALTER TABLE engine.job_runs
  ADD COLUMN requested_by text CHECK (btrim(requested_by) <> ''),
  ADD COLUMN cancel_requested_by text CHECK (btrim(cancel_requested_by) <> '');

-- A maintenance window may name severities, too: the job `maintenance` holds back what is of low severity while it works.
ALTER TABLE bot_maintenance
  ADD COLUMN severities text[]
    CHECK (cardinality(severities) BETWEEN 1 AND 5 AND severities <@ '{critical,high,medium,low,info}'),
  -- A run looks for problems of every severity.
  ADD CONSTRAINT bot_maintenance_severities_skip_check CHECK (severities IS NULL OR NOT skip_runs);

-- How large an index was when it was smallest for its rows. The job `maintenance` rebuilds one that takes twice as much for each
-- row now. An index is known by its names, because REINDEX CONCURRENTLY puts another one, with another oid, in its place.
CREATE TABLE engine.index_sizes (
  schema_name text NOT NULL,
  index_name text NOT NULL,
  -- as pg_get_indexdef says: an index of this name that is defined in another way is another index
  definition text NOT NULL,
  -- the measurement with the fewest bytes for each row; after a rebuild, the measurement after it
  best_bytes bigint NOT NULL CHECK (best_bytes > 0),
  best_rows double precision NOT NULL CHECK (best_rows > 0),
  best_at timestamptz NOT NULL,
  -- the newest measurement
  bytes bigint NOT NULL CHECK (bytes >= 0),
  rows double precision NOT NULL CHECK (rows > 0),
  measured_at timestamptz NOT NULL,
  rebuilt_at timestamptz,
  -- since when a rebuild is under way. Set before it begins: what a rebuild that was broken off leaves is only removed where this is.
  rebuilding_since timestamptz,
  -- for how many seconds the last rebuild went on before it was broken off, because that time was over; NULL after one that succeeded
  broken_off_after int CHECK (broken_off_after >= 0),
  PRIMARY KEY (schema_name, index_name)
);

REVOKE ALL ON engine.index_sizes FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.index_sizes TO service_role;
SELECT engine.let_checks_read();
