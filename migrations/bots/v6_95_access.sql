-- Who may do what. Here users lose all rights on Roundsman's tables; the files v6_95_access_* then give each table the
-- rights it needs. service_role has BYPASSRLS, and policies do not apply to the owner of a table.
--
-- Every function sets its search_path, with pg_temp last. If a path does not name pg_temp, PostgreSQL searches it first
-- for types. Every role may create types there, and the CHECK of a domain runs with the rights of the role that converts to
-- it.

-- The API does not expose this schema, and no role has USAGE on it: policies refer to its functions by oid, and clients
-- cannot call them.
CREATE SCHEMA IF NOT EXISTS private;

-- Only the platform knows who is an admin: engine.use_admin_test is given the function that tells. Until then no user is
-- one.
CREATE OR REPLACE FUNCTION private.is_admin() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT false;
$$;
REVOKE ALL ON FUNCTION private.is_admin() FROM PUBLIC, anon, authenticated, service_role;
GRANT EXECUTE ON FUNCTION private.is_admin() TO authenticated;

-- Only Roundsman's own tables, each by its name: other tables in the same schema keep their grants.
DO $$
DECLARE
  t text;
  s regclass;
  f regprocedure;
BEGIN
  FOREACH t IN ARRAY '{bots,bot_executions,bot_findings,bot_actions,bot_tickets,bot_knowledge,
      bot_finding_states,bot_ticket_events,bot_knowledge_autonomy,bot_knowledge_events,bot_decisions,
      bot_silences,bot_notifications,bot_metrics}'::text[] LOOP
    -- NO FORCE: a table that was there before may bind its owner, and then what runs as definer sees nothing.
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', t);
    -- Supabase's default privileges gave all of it away, TRUNCATE included, which no policy stops.
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, anon, authenticated, service_role', t);
    -- Its rows, and not ALL: a trigger of its own would forge balances, TRUNCATE would pass the guards by.
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO service_role', t);
    FOR s IN SELECT d.objid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
             WHERE d.refobjid = format('public.%I', t)::regclass AND d.deptype IN ('a', 'i') LOOP
      -- An identity column counts by itself; who may setval() could let numbers come twice.
      EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, anon, authenticated, service_role', s);
    END LOOP;
    -- A trigger needs no EXECUTE to fire.
    FOR f IN SELECT g.tgfoid FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
             WHERE g.tgrelid = format('public.%I', t)::regclass AND NOT g.tgisinternal
               AND p.pronamespace = 'public'::regnamespace LOOP
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated, service_role', f);
    END LOOP;
  END LOOP;
END
$$;

-- Only the owner may use Kysely's tables in this schema and call setval().
REVOKE ALL ON SCHEMA engine FROM PUBLIC, anon, authenticated;
REVOKE ALL ON ALL TABLES IN SCHEMA engine FROM PUBLIC, anon, authenticated, service_role;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA engine FROM PUBLIC, anon, authenticated;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA engine FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.settings, engine.nodes, engine.cancellations TO service_role;
GRANT USAGE ON SEQUENCE engine.fence TO service_role;
GRANT EXECUTE ON FUNCTION engine.now(), engine.jitter_ms(uuid, timestamptz, int, bigint),
  engine.claim(timestamptz, int, jsonb), engine.start_runs(uuid[], int[], text, interval),
  engine.flapping(boolean[]), engine.flapping_since(boolean[], timestamptz), engine.is_suppressed(uuid), engine.healing_limit(text), engine.hold_window(),
  engine.counted(uuid[]) TO service_role;
GRANT SELECT ON engine.heals TO service_role;

-- From now on the given function of the platform tells who is an admin. It has no arguments, returns a boolean and is
-- not volatile, because policies call it. It runs as the owner of these tables, with its own schema and public as
-- search_path.
-- Only the owner, who migrates, may call this. The name of the given function is read from the catalogue and quoted.
CREATE FUNCTION engine.use_admin_test(p_function regprocedure) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  f record;
BEGIN
  SELECT n.nspname, p.proname INTO STRICT f FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid = p_function AND p.pronargs = 0 AND p.prorettype = 'boolean'::regtype AND NOT p.proretset AND p.provolatile <> 'v';
  EXECUTE format('CREATE OR REPLACE FUNCTION private.is_admin() RETURNS boolean '
                 'LANGUAGE sql STABLE SECURITY DEFINER SET search_path = %I, public, pg_temp AS %L',
                 f.nspname, format('SELECT coalesce(%I.%I(), false)', f.nspname, f.proname));
  INSERT INTO engine.settings (key, value) VALUES ('admin_test', to_jsonb(format('%I.%I()', f.nspname, f.proname)))
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = engine.now();
END
$$;
REVOKE ALL ON FUNCTION engine.use_admin_test(regprocedure) FROM PUBLIC;
