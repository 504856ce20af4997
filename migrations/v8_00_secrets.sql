-- Named secrets that playbooks, and later bots, channels and sources, refer to as {{secret:NAME}}. A value is sealed by
-- a key that is in no database (ROUNDSMAN_KEYS), or stays in the environment of the processes that need it.
CREATE TABLE engine.secrets (
  name text PRIMARY KEY CHECK (name ~ '^[A-Z][A-Z0-9_]{0,99}$'),
  -- part of what is sealed: the text of another row, or of one that was removed, does not open in its place
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- v1.WRAPPED.DATA (src/data/sealing.ts), and the id of the key that wraps it
  sealed text,
  key_id text,
  -- or the name of the environment variable that holds it
  variable text CHECK (variable ~ '^[A-Za-z_][A-Za-z0-9_]{0,199}$'),
  created_at timestamptz NOT NULL DEFAULT engine.now(),
  -- its value or where that is; to be sealed by another key is no change
  changed_at timestamptz NOT NULL DEFAULT engine.now(),
  changed_by text NOT NULL,
  rotated_at timestamptz,
  CHECK ((sealed IS NULL) = (key_id IS NULL)),
  CHECK ((sealed IS NULL) <> (variable IS NULL))
);
REVOKE ALL ON engine.secrets FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.secrets TO service_role;
-- A grant that is given by mistake shows nothing: rows are for service_role, whoever is a member of it, and the owner.
ALTER TABLE engine.secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY "service_role uses secrets" ON engine.secrets TO service_role USING (true) WITH CHECK (true);
