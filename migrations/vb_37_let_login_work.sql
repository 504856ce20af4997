-- Gives a login the rights that the engine and the commands need, and no others: those that service_role has on the tables of the
-- bots, in schema engine and in schema bullmq, with policies where row level security holds, and the membership by which checks
-- read. The login then neither owns tables nor is in service_role, so it reaches no row of the platform except through
-- roundsman_reader, which only reads. Only the owner of the tables may call it; call it again after each migration: it adds what is
-- missing. Returns how many rights and policies it added.
CREATE FUNCTION engine.let_login_work(p_login regrole) RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added int := 0;
  r record;
  tables oid[];
BEGIN
  -- Two sessions that grant the same at once fail with "tuple concurrently updated".
  PERFORM pg_advisory_xact_lock(hashtextextended('engine.let_login_work', 0));
  SELECT array_agg(c.oid) INTO tables FROM pg_class c
  WHERE c.relnamespace IN (to_regnamespace('engine')::oid, to_regnamespace('bullmq')::oid)
     -- A table of the platform's own may have such a name; the owner of the bots owns the tables of the bots.
     OR c.relnamespace = 'public'::regnamespace AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = 'public.bots'::regclass)
        AND c.relname = ANY ('{bots,bot_executions,bot_findings,bot_finding_states,bot_actions,bot_decisions,bot_tickets,
          bot_ticket_events,bot_knowledge,bot_knowledge_autonomy,bot_knowledge_events,bot_silences,bot_maintenance,
          bot_notifications,bot_metrics}'::text[]);

  FOR r IN SELECT 'SCHEMA ' || n.oid::regnamespace AS object, a.privilege_type AS privilege
           FROM pg_namespace n, aclexplode(n.nspacl) a
           WHERE n.nspname IN ('engine', 'bullmq', 'public') AND a.grantee = 'service_role'::regrole
             -- What the platform lets service_role make in its own schema is not needed.
             AND (n.nspname <> 'public' OR a.privilege_type = 'USAGE')
             AND NOT has_schema_privilege(p_login, n.oid, a.privilege_type)
           UNION ALL
           SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass, a.privilege_type
           FROM pg_class c, aclexplode(c.relacl) a
           WHERE c.oid = ANY (tables) AND a.grantee = 'service_role'::regrole
             AND NOT CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(p_login, c.oid, a.privilege_type)
                          ELSE has_table_privilege(p_login, c.oid, a.privilege_type) END
           UNION ALL
           SELECT 'ROUTINE ' || p.oid::regprocedure, a.privilege_type
           FROM pg_proc p, aclexplode(p.proacl) a
           WHERE (p.pronamespace IN (to_regnamespace('engine')::oid, to_regnamespace('bullmq')::oid)
                  OR p.oid IN (to_regprocedure('public.bots_now()'), to_regprocedure('public.finding_is_suppressed(uuid)'),
                               to_regprocedure('public.finding_is_broken(uuid)')))
             AND a.grantee = 'service_role'::regrole AND NOT has_function_privilege(p_login, p.oid, 'EXECUTE') LOOP
    EXECUTE format('GRANT %s ON %s TO %s', r.privilege, r.object, p_login);
    added := added + 1;
  END LOOP;

  FOR r IN SELECT c.oid::regclass AS name FROM pg_class c
           WHERE c.oid = ANY (tables) AND c.relkind IN ('r', 'p') AND c.relrowsecurity
             AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive
                               AND p_login::oid = ANY (p.polroles) AND pg_get_expr(p.polqual, p.polrelid) = 'true') LOOP
    EXECUTE format('CREATE POLICY %I ON %s TO %s USING (true) WITH CHECK (true)', left('Engine works as ' || p_login, 63), r.name, p_login);
    added := added + 1;
  END LOOP;

  IF to_regrole('roundsman_reader') IS NOT NULL AND NOT pg_has_role(p_login, 'roundsman_reader', 'MEMBER') THEN
    -- It may become that role, and does not have its rights beside its own; before version 16 a membership cannot say so.
    EXECUTE format('GRANT roundsman_reader TO %s', p_login)
      || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
    added := added + 1;
  END IF;
  RETURN added;
END
$$;
REVOKE ALL ON FUNCTION engine.let_login_work(regrole) FROM PUBLIC;

SELECT engine.let_checks_read();
