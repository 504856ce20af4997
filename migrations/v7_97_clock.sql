-- As before, but times in the future, from before a clock was set back, are ignored. A cutoff in the future counts only
-- while a cure is taking effect.
CREATE OR REPLACE FUNCTION engine.waits_for_events(p_fingerprint text, p_last_seen timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.bot_finding_states s
                 WHERE s.fingerprint = p_fingerprint AND s.cutoff_at >= p_last_seen
                   AND (s.cutoff_at <= engine.now() OR EXISTS (
                     SELECT FROM public.bot_actions a
                     WHERE a.fingerprint = s.fingerprint AND a.state = 'applied' AND a.verify_after > engine.now())))
    OR EXISTS (SELECT FROM public.bot_decisions d
               WHERE d.fingerprint = p_fingerprint AND d.outcome = 'pending' AND d.clean_at IS NOT NULL)
$$;
