-- What a check remembers from run to run: plain data of its last recorded result. Each check that remembers something has a row.
CREATE TABLE engine.check_memories (
  bot_id uuid NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
  check_name text NOT NULL,
  remembered jsonb NOT NULL,
  -- the fence of the run that wrote the row: a run with an older fence does not overwrite it
  last_fence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT engine.now(),
  PRIMARY KEY (bot_id, check_name)
);
REVOKE ALL ON engine.check_memories FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.check_memories TO service_role;
SELECT engine.let_checks_read();
