-- Returns how often an entry may heal in 24 hours over all components without a person asking for it: three times what
-- one component may need, or two for each component that it healed in the last 30 days if that is more. NULL if the
-- setting is missing, which closes the gate.
CREATE FUNCTION engine.heals_a_day(p_knowledge uuid, p_now timestamptz) RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT greatest(3 * l.value, 2 * (
    SELECT count(DISTINCT a.component) FROM public.bot_actions a
    WHERE a.knowledge_id = p_knowledge AND a.state <> 'aborted' AND a.taken_at > p_now - interval '30 days'))
  FROM (SELECT engine.healing_limit('heals_per_day') AS value) l WHERE l.value IS NOT NULL
$$;
REVOKE ALL ON FUNCTION engine.heals_a_day(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.heals_a_day(uuid, timestamptz) TO service_role;
