-- Who may do what, for the tables that are created beside those of the bots (../v6_95_access.sql). From now on
-- profiles.role says who is an admin, as in the documented schema.
DROP FUNCTION engine.use_admin_test(regprocedure);
DELETE FROM engine.settings WHERE key = 'admin_test';

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
  FOREACH t IN ARRAY '{profiles,organizations,organization_members,user_sessions,user_activity_log,credits,
      transactions,subscriptions,app_catalog,app_usage,tools_catalog,tools_usage,
      tools_results,api_logs,page_views,error_logs,javari_projects,javari_conversations,
      javari_credentials,javari_learning,javari_usage_stats,games_catalog,game_sessions,game_leaderboards,
      avatars,virtual_spaces,space_visits,first_responders,support_groups,group_members}'::text[] LOOP
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

REVOKE ALL ON ALL SEQUENCES IN SCHEMA engine FROM PUBLIC, anon, authenticated;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA engine FROM PUBLIC, anon, authenticated;
-- These two functions keep their grant to authenticated: reads of the bot tables call them (v8_79_reads_of_bots.sql,
-- which has already run).
GRANT EXECUTE ON FUNCTION engine.now_for_users(), engine.is_suppressed_for_users(uuid) TO authenticated;

-- Tables that are made later begin with the same rights. (The default EXECUTE for PUBLIC cannot be changed for one
-- schema: each function revokes it itself.)
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM anon, authenticated;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO service_role;
