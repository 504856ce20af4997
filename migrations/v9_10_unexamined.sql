-- Whether checks still look at what they once found. A finding stays open until its check has looked at its key and not
-- reported it. If the check no longer looks at the key, it is unknown whether the problem still exists, and the finding
-- must not count for a storm for ever.
ALTER TABLE bots
  -- how many components each of its checks looked at when it last gave a result; null if that is not known
  ADD COLUMN examined jsonb NOT NULL DEFAULT '{}' CONSTRAINT bots_examined_check CHECK (jsonb_typeof(examined) = 'object');
ALTER TABLE bot_findings
  -- since when its check does not look at its key any more, although the bot still has the check
  ADD COLUMN unexamined_since timestamptz;

-- No check looks at findings from before the engine. For findings of checks, the next run fills this in.
UPDATE bot_findings SET unexamined_since = last_seen_at WHERE resolved_at IS NULL AND check_name = 'adopted';
UPDATE bots b SET examined = known.checks
FROM (SELECT bot_id, jsonb_object_agg(check_name, NULL::int) AS checks FROM bot_findings
      WHERE resolved_at IS NULL AND check_name NOT IN ('adopted', 'external') GROUP BY bot_id) known
WHERE b.id = known.bot_id;

-- Whether the component of a finding counts as broken when a storm is judged, and whether the ticket of a storm stands
-- for the finding. A finding that waits for events does not count: as far as is known, it is cured. A finding of the
-- platform's own code does not count either: no check of the engine looks whether it still exists.
CREATE FUNCTION engine.counts_as_broken(p_finding public.bot_findings) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT (p_finding).resolved_at IS NULL AND (p_finding).unexamined_since IS NULL
    AND (p_finding).fingerprint NOT LIKE 'external-%'
    AND NOT engine.waits_for_events((p_finding).fingerprint, (p_finding).last_seen_at)
$$;
REVOKE ALL ON FUNCTION engine.counts_as_broken(public.bot_findings) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION engine.counts_as_broken(public.bot_findings) TO service_role;

-- The same for users and admins, who may not use schema engine (as in v8_79_reads_of_bots.sql).
CREATE FUNCTION engine.counts_as_broken_for_users(p_finding uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  RETURN coalesce((SELECT engine.counts_as_broken(f) FROM public.bot_findings f WHERE f.id = p_finding), false);
END
$$;

-- False for a caller who may not see the finding.
CREATE FUNCTION public.finding_is_broken(p_finding uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
RETURN EXISTS (SELECT FROM public.bot_findings f WHERE f.id = p_finding) AND engine.counts_as_broken_for_users(p_finding);

DO $$
DECLARE
  f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['engine.counts_as_broken_for_users(uuid)', 'public.finding_is_broken(uuid)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO authenticated, service_role', f);
    IF to_regrole('roundsman_reader') IS NOT NULL THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO roundsman_reader', f);
    END IF;
  END LOOP;
END
$$;
