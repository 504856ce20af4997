-- Lets roundsman_reader (the role of checks) read all rows of each table in the schemas public and engine that the
-- caller owns, except engine.secrets. The role may also call the caller's functions of schema engine that only read
-- (neither volatile nor SECURITY DEFINER), and the functions that the policies and views of the bot tables call
-- (v8_79_reads_of_bots, v9_10_unexamined). Call it again after new tables were made: it adds what is missing.
-- Returns false if the role does not exist.
CREATE OR REPLACE FUNCTION engine.let_checks_read() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  r record;
  asked regprocedure[] := ARRAY['engine.now_for_users()', 'engine.is_suppressed_for_users(uuid)', 'public.bots_now()',
                                'public.finding_is_suppressed(uuid)', 'engine.counts_as_broken_for_users(uuid)',
                                'public.finding_is_broken(uuid)'];
BEGIN
  IF to_regrole('roundsman_reader') IS NULL THEN
    RETURN false;
  END IF;
  -- Two sessions that grant the same at once fail with "tuple concurrently updated".
  PERFORM pg_advisory_xact_lock(hashtextextended('engine.let_checks_read', 0));
  FOR r IN SELECT n.oid::regnamespace AS schema FROM pg_namespace n
           WHERE n.nspname IN ('public', 'engine') AND NOT has_schema_privilege('roundsman_reader', n.oid, 'USAGE') LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO roundsman_reader', r.schema);
  END LOOP;
  FOR r IN SELECT c.oid::regclass AS "table", c.relrowsecurity, c.relkind,
                  has_table_privilege('roundsman_reader', c.oid, 'SELECT') AS reads,
                  EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'Checks read') AS sees
           FROM pg_class c
           WHERE c.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
             AND c.oid <> 'engine.secrets'::regclass AND pg_has_role(c.relowner, 'USAGE') LOOP
    IF NOT r.reads AND r.relkind <> 'S' THEN
      EXECUTE format('GRANT SELECT ON %s TO roundsman_reader', r."table");
    ELSIF NOT r.reads THEN
      EXECUTE format('GRANT SELECT ON SEQUENCE %s TO roundsman_reader', r."table");
    END IF;
    IF r.relrowsecurity AND NOT r.sees THEN
      EXECUTE format('CREATE POLICY "Checks read" ON %s FOR SELECT TO roundsman_reader USING (true)', r."table");
    END IF;
  END LOOP;
  FOR r IN SELECT p.oid::regprocedure AS "function" FROM pg_proc p
           WHERE ((p.pronamespace = 'engine'::regnamespace AND p.prokind = 'f' AND p.provolatile <> 'v' AND NOT p.prosecdef)
                  OR p.oid = ANY (asked))
             AND pg_has_role(p.proowner, 'USAGE') AND NOT has_function_privilege('roundsman_reader', p.oid, 'EXECUTE') LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO roundsman_reader', r."function");
  END LOOP;
  RETURN true;
END
$$;

SELECT engine.let_checks_read();
