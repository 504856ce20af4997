-- Findings of a check that calls its components unrelated (`false` in bots.examined) are no part of a storm, so the ticket of their bot's
-- storm does not stand for them either. Only the statements of the engine said so until now; finding_is_broken(), by which lists
-- and tickets name what stands for a finding, did not.
CREATE OR REPLACE FUNCTION engine.counts_as_broken(p_finding public.bot_findings) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT (p_finding).resolved_at IS NULL AND (p_finding).unexamined_since IS NULL
    AND (p_finding).fingerprint NOT LIKE 'external-%'
    AND NOT EXISTS (SELECT FROM public.bots b
                    WHERE b.id = (p_finding).bot_id AND b.examined -> (p_finding).check_name = 'false')
    AND NOT engine.waits_for_events((p_finding).fingerprint, (p_finding).last_seen_at)
$$;
