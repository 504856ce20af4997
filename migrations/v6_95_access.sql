-- Who may do what. Here users lose all rights on Roundsman's tables; the files v6_95_access_* then give each table the
-- rights it needs. service_role has BYPASSRLS, and policies do not apply to the owner of a table.
--
-- Every function sets its search_path, with pg_temp last. If a path does not name pg_temp, PostgreSQL searches it first
-- for types. Every role may create types there, and the CHECK of a domain runs with the rights of the role that converts to
-- it.

-- The API does not expose this schema, and no role has USAGE on it: policies refer to its functions by oid, and clients
-- cannot call them.
CREATE SCHEMA IF NOT EXISTS private;

-- SECURITY DEFINER, because a policy of profiles that read profiles as the user would call itself without end.
CREATE OR REPLACE FUNCTION private.is_admin() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.profiles WHERE id = auth.uid() AND role IN ('admin', 'owner'));
$$;

CREATE OR REPLACE FUNCTION private.is_owner() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.profiles WHERE id = auth.uid() AND role = 'owner');
$$;

-- These functions return a set, because a policy then calls them once for each query, and not once for each row.
CREATE OR REPLACE FUNCTION private.organizations_of_member() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.organizations WHERE owner_id = auth.uid()
  UNION SELECT organization_id FROM public.organization_members WHERE user_id = auth.uid();
$$;

CREATE OR REPLACE FUNCTION private.organizations_of_admin() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.organizations WHERE owner_id = auth.uid()
  UNION SELECT organization_id FROM public.organization_members
        WHERE user_id = auth.uid() AND role IN ('owner', 'admin');
$$;

CREATE OR REPLACE FUNCTION private.support_groups_of_member() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.support_groups WHERE created_by = auth.uid()
  UNION SELECT group_id FROM public.group_members WHERE user_id = auth.uid();
$$;

CREATE OR REPLACE FUNCTION private.support_groups_of_admin() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM public.support_groups WHERE created_by = auth.uid()
  UNION SELECT group_id FROM public.group_members WHERE user_id = auth.uid() AND role = 'admin';
$$;

-- Drops the documented policies. The ones that replace them name the roles to which they apply.
DROP POLICY IF EXISTS "Users can view own profile" ON profiles;
DROP POLICY IF EXISTS "Users can update own profile" ON profiles;
DROP POLICY IF EXISTS "Only admins can view bot executions" ON bot_executions;
DROP POLICY IF EXISTS "Anyone can view apps" ON app_catalog;
DROP POLICY IF EXISTS "Authenticated can track usage" ON app_usage;

-- In an adopted database the function of the documented schema is already there; this adds a fixed search_path. It runs
-- with the rights of its caller, so the policies of credits apply: a user gets their own balance and 0 for every other
-- user, an admin gets every balance.
CREATE OR REPLACE FUNCTION get_user_credits(user_uuid UUID) RETURNS INTEGER
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sum(amount), 0)::INTEGER FROM public.credits WHERE user_id = user_uuid;
$$;

-- Only Roundsman's own tables, each by its name: other tables in the same schema keep their grants.
DO $$
DECLARE
  t text;
  s regclass;
  f regprocedure;
BEGIN
  FOREACH t IN ARRAY '{profiles,organizations,organization_members,user_sessions,user_activity_log,
      credits,transactions,subscriptions,app_catalog,app_usage,tools_catalog,tools_usage,tools_results,
      api_logs,page_views,error_logs,bots,bot_executions,bot_findings,bot_actions,bot_tickets,
      bot_knowledge,javari_projects,javari_conversations,javari_credentials,javari_learning,
      javari_usage_stats,games_catalog,game_sessions,game_leaderboards,avatars,virtual_spaces,
      space_visits,first_responders,support_groups,group_members,
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

  FOREACH t IN ARRAY '{is_admin,is_owner,organizations_of_member,organizations_of_admin,
                       support_groups_of_member,support_groups_of_admin}'::text[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION private.%I() FROM PUBLIC, anon, authenticated, service_role', t);
    EXECUTE format('GRANT EXECUTE ON FUNCTION private.%I() TO authenticated', t);
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION get_user_credits(uuid) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION get_user_credits(uuid) TO authenticated, service_role;

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

-- Tables that are made later begin with the same rights. (The default EXECUTE for PUBLIC cannot be changed for one
-- schema: each function revokes it itself.)
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM anon, authenticated;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO service_role;
