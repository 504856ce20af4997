-- Queries on the bot tables also need the engine's clock, and whether an open finding suppresses another one. Users and
-- admins may not use schema engine, so they call two functions in public. The body of each is parsed here and refers to
-- the functions that it calls by oid, so that its caller needs no USAGE on schema engine.

-- SECURITY DEFINER, because what these functions call needs schema engine. Users cannot call them directly.
CREATE FUNCTION engine.now_for_users() RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN engine.now();
END
$$;

CREATE FUNCTION engine.is_suppressed_for_users(p_finding uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN engine.is_suppressed(p_finding);
END
$$;

-- The time by which bots are planned: engine.now() for every role that may read the bots.
CREATE FUNCTION public.bots_now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN engine.now_for_users();

-- Whether a finding whose suppressed_by is p_finding is suppressed; false for a caller who may not see p_finding.
CREATE FUNCTION public.finding_is_suppressed(p_finding uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM public.bot_findings f WHERE f.id = p_finding) AND engine.is_suppressed_for_users(p_finding);

DO $$
DECLARE
  f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['engine.now_for_users()', 'engine.is_suppressed_for_users(uuid)', 'public.bots_now()',
                           'public.finding_is_suppressed(uuid)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO authenticated, service_role', f);
    IF to_regrole('roundsman_reader') IS NOT NULL THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO roundsman_reader', f);
    END IF;
  END LOOP;
END
$$;
