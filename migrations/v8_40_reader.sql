-- Checks read with a role that cannot write. This prevents accidents and not attacks: a session that may use SET ROLE
-- may also reset it. If the present login may not create roles, there is no such role; checks then read with the rights
-- of the engine, and `doctor` says so.
DO $$
BEGIN
  IF to_regrole('roundsman_reader') IS NULL THEN
    CREATE ROLE roundsman_reader NOLOGIN;
  END IF;
EXCEPTION
  -- Roles belong to the whole server: another database's migration may just have made it.
  WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END
$$;

-- Lets roundsman_reader (the role of checks) read all rows of each table in the schemas public and engine that the
-- caller owns, except engine.secrets. The role may also call the caller's functions of schema engine that only read.
-- Call it again after new tables were made: it adds what is missing. Returns false if the role does not exist.
CREATE FUNCTION engine.let_checks_read() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  r record;
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
           WHERE p.pronamespace = 'engine'::regnamespace AND p.prokind = 'f' AND p.provolatile <> 'v' AND NOT p.prosecdef
             AND pg_has_role(p.proowner, 'USAGE') AND NOT has_function_privilege('roundsman_reader', p.oid, 'EXECUTE') LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO roundsman_reader', r."function");
  END LOOP;
  RETURN true;
END
$$;
REVOKE ALL ON FUNCTION engine.let_checks_read() FROM PUBLIC;

SELECT engine.let_checks_read();

DO $$
DECLARE
  -- Who may become it reads by its own rights until then; before version 16 that cannot be said of one membership.
  only_becoming text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
  login text;
BEGIN
  IF to_regrole('roundsman_reader') IS NULL THEN
    RETURN;
  END IF;
  -- Memberships belong to the whole server: another database's migration may be giving the same one right now.
  FOREACH login IN ARRAY ARRAY[current_user::text, 'service_role'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_auth_members m
                          WHERE m.roleid = to_regrole('roundsman_reader') AND m.member = to_regrole(quote_ident(login)));
    BEGIN
      EXECUTE format('GRANT roundsman_reader TO %I', login) || only_becoming;
    EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation OR internal_error OR unique_violation THEN NULL;
    END;
  END LOOP;
  -- Tables that this login makes later begin as these do.
  ALTER DEFAULT PRIVILEGES IN SCHEMA public, engine GRANT SELECT ON TABLES TO roundsman_reader;
  IF NOT EXISTS (SELECT FROM pg_auth_members m
                 WHERE m.roleid = to_regrole('pg_monitor') AND m.member = to_regrole('roundsman_reader')) THEN
    BEGIN
      GRANT pg_monitor TO roundsman_reader;
    EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation OR internal_error OR unique_violation THEN NULL;
    END;
  END IF;
END
$$;
