-- The logs that were imported, so that the same text is not imported twice.
CREATE TABLE engine.imports (
  table_name text NOT NULL CHECK (table_name IN ('api_logs', 'error_logs')),
  -- SHA-256 of the text, which is unpacked and converted to UTF-8 without a byte order mark
  digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  -- the size of that text
  bytes bigint NOT NULL CHECK (bytes > 0),
  -- the name of the file
  name text NOT NULL,
  rows bigint NOT NULL,
  first_at timestamptz,
  last_at timestamptz,
  imported_at timestamptz NOT NULL DEFAULT engine.now(),
  imported_by text,
  PRIMARY KEY (table_name, digest)
);
CREATE INDEX idx_imports_newest ON engine.imports (table_name, imported_at DESC);

REVOKE ALL ON engine.imports FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.imports TO service_role;
SELECT engine.let_checks_read();
