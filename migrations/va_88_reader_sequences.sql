-- Sequences that this login makes later begin as its tables do (v8_40_reader): checks may read them. Those that were made
-- since then are caught up on.
DO $$
BEGIN
  IF to_regrole('roundsman_reader') IS NOT NULL THEN
    ALTER DEFAULT PRIVILEGES IN SCHEMA public, engine GRANT SELECT ON SEQUENCES TO roundsman_reader;
  END IF;
END
$$;

SELECT engine.let_checks_read();
