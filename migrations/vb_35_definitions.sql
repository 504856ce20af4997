-- Definitions that files say (`roundsman apply`): which row each of them is, and which set of files it belongs to. A row keeps its
-- definition when a person renames it.
CREATE TABLE engine.definitions (
  kind text NOT NULL CHECK (kind IN ('bots', 'knowledge', 'silences', 'policy', 'notifications', 'limits', 'settings')),
  -- as the files name it
  name text NOT NULL,
  -- the id of its row; for a definition without a row of its own, its name
  row_id text NOT NULL,
  -- the set of files that it belongs to: only an apply of that set removes it. NULL: it belongs to none
  set_name text CHECK (set_name ~ '^[a-z0-9][a-z0-9_-]{0,49}$'),
  -- the file that named it, as it was given
  file text NOT NULL,
  applied_by text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT engine.now(),
  PRIMARY KEY (kind, name)
);
CREATE INDEX idx_definitions_set ON engine.definitions (set_name) WHERE set_name IS NOT NULL;
REVOKE ALL ON engine.definitions FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.definitions TO service_role;
SELECT engine.let_checks_read();
