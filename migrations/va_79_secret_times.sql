-- The warden's checks tell which stored secrets are old or unused. They may read the name of each and when it was stored and
-- changed, and nothing else of it: a right on three columns, and a policy that shows the rows.
DO $$
BEGIN
  IF to_regrole('roundsman_reader') IS NOT NULL THEN
    GRANT SELECT (name, created_at, changed_at) ON engine.secrets TO roundsman_reader;
    DROP POLICY IF EXISTS "Checks read names and times" ON engine.secrets;
    CREATE POLICY "Checks read names and times" ON engine.secrets FOR SELECT TO roundsman_reader USING (true);
  END IF;
END
$$;
