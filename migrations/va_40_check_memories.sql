-- What a check remembers from run to run: plain data of its last recorded result. A row for each check that remembers something.
CREATE TABLE engine.check_memories (
  bot_id uuid NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
  check_name text NOT NULL,
  remembered jsonb NOT NULL,
  -- of the run that wrote it: an older start does not write over it
  last_fence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT engine.now(),
  PRIMARY KEY (bot_id, check_name)
);
REVOKE ALL ON engine.check_memories FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.check_memories TO service_role;
SELECT engine.let_checks_read();
