-- Which listeners are alive: what other systems send arrives only while there is one. They stand apart from engine.nodes, whose
-- rows are processes that plan and execute runs.
CREATE TABLE engine.listeners (
  id text PRIMARY KEY,
  -- the process that listens: `web`, or `up`, which contains a listener
  role text NOT NULL CHECK (role IN ('web', 'up')),
  host text NOT NULL,
  pid int NOT NULL,
  -- where it listens, as host:port
  address text NOT NULL,
  -- why it does not listen there; NULL while it does
  problem text,
  started_at timestamptz NOT NULL DEFAULT engine.now(),
  heartbeat_at timestamptz NOT NULL DEFAULT engine.now()
);
REVOKE ALL ON engine.listeners FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.listeners TO service_role;
SELECT engine.let_checks_read();
