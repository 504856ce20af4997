-- Logs that were imported, so that the same text does not become the same rows a second time.
CREATE TABLE engine.imports (
  table_name text NOT NULL CHECK (table_name IN ('api_logs', 'error_logs')),
  -- SHA-256 of the text: unpacked, in UTF-8, without a byte order mark
  digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  -- of that text
  bytes bigint NOT NULL CHECK (bytes > 0),
  -- what the file was called
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
