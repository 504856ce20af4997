-- Whether only old events keep an open finding of an event check open: after it was last seen there was a cure, an undo
-- or the action of a person, or an entry did nothing and the events after that were clean. Whether the problem still
-- exists is not known until there are more events. So such a finding suppresses no other one and does not count for a
-- storm.
CREATE FUNCTION engine.waits_for_events(p_fingerprint text, p_last_seen timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.bot_finding_states s
                 WHERE s.fingerprint = p_fingerprint AND s.cutoff_at >= p_last_seen)
    OR EXISTS (SELECT FROM public.bot_decisions d
               WHERE d.fingerprint = p_fingerprint AND d.outcome = 'pending' AND d.clean_at IS NOT NULL)
$$;
REVOKE ALL ON FUNCTION engine.waits_for_events(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.waits_for_events(text, timestamptz) TO service_role;

-- As before, but a finding that only waits for events suppresses no other one.
CREATE OR REPLACE FUNCTION engine.is_suppressed(p_by uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent public.bot_findings%ROWTYPE;
  behind uuid := p_by;
BEGIN
  FOR hop IN 1 .. 10 LOOP
    SELECT * INTO parent FROM public.bot_findings f WHERE f.id = behind AND f.resolved_at IS NULL;
    IF NOT FOUND OR engine.waits_for_events(parent.fingerprint, parent.last_seen_at) THEN
      RETURN hop > 1;
    END IF;
    IF parent.suppressed_by IS NULL THEN
      RETURN true;
    END IF;
    behind := parent.suppressed_by;
  END LOOP;
  RETURN false;
END
$$;
