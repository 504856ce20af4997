-- Every backup that was begun, with its outcome. A row stays when its file was removed, so that the history shows what there was.
CREATE TABLE engine.backups (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- lost: its process ended before it was written; found by the next backup
  outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'success', 'failed', 'lost')),
  target text NOT NULL CHECK (target IN ('folder', 'command')),
  -- the folder of the host's that holds the file; NULL where a command took the stream
  folder text,
  file_name text,
  host text NOT NULL,
  encrypted boolean NOT NULL,
  -- who asked for it, or roundsman for the job
  requested_by text NOT NULL,
  server_version text,
  bytes bigint CHECK (bytes >= 0),
  -- of the file, as it was written
  sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  tables int CHECK (tables >= 0),
  rows bigint CHECK (rows >= 0),
  -- how many objects the manifest names that the backup does not contain
  left_out int CHECK (left_out >= 0),
  began_at timestamptz NOT NULL,
  -- the moment of which the backup holds the rows
  taken_at timestamptz,
  ended_at timestamptz,
  error_message text,
  -- when a copy was last restored from it and found equal, and why that failed when it was last tried
  proven_at timestamptz,
  proof_failed_at timestamptz,
  proof_error text,
  -- when retention removed the file
  removed_at timestamptz,
  CHECK ((target = 'folder') = (folder IS NOT NULL)),
  CHECK ((outcome = 'running') = (ended_at IS NULL)),
  CHECK (outcome <> 'success' OR num_nulls(server_version, bytes, sha256, tables, rows, left_out, taken_at) = 0),
  CHECK ((proof_failed_at IS NULL) = (proof_error IS NULL)),
  CHECK (proven_at IS NULL OR outcome = 'success')
);
CREATE INDEX idx_backups_began ON engine.backups (began_at DESC);

REVOKE ALL ON engine.backups FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.backups TO service_role;
SELECT engine.let_checks_read();
